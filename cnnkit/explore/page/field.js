/*
 * How far a number sees: the pixels that it depends on, as Python counted them, and the other way
 * round the numbers of each layer that one pixel reaches.
 *
 * `showField(element, network, state)` draws the picture with a frame around what the selected
 * number sees. A click on the picture, or the arrow keys there, choose the state's `pixel`; what it
 * reaches is framed on the tiles of the overview.
 */

import { paintPicture } from "./colors.js";
import { make, makeButton, makePane } from "./elements.js";
import { fieldAt, hasMaps } from "./maps.js";
import { clamp, countOf, shapeText } from "./numbers.js";

/** The pixels that a number sees: `{row, column, rows, columns}`, beyond the picture too. */
export function seenBy({ size, strides, offset }, row, column) {
  const at = [row ?? 0, column ?? 0];
  const first = [0, 1].map((i) => Math.ceil(offset[i] + at[i] * strides[i]));
  const last = [0, 1].map((i) => Math.floor(offset[i] + at[i] * strides[i] + size[i] - 1));
  return boxOf(first, last);
}

/** The places of a layer's maps that see a pixel, as a box; null if none does. */
export function reachedBy({ size, strides, offset }, shape, pixel) {
  const first = [0, 0];
  const last = [0, 1].map((i) => (shape.length === 3 ? shape[i] : 1) - 1);
  for (const i of [0, 1]) {
    const from = pixel[i] - offset[i];
    if (!strides[i]) {
      if (from < 0 || from > size[i] - 1) return null;
      continue;
    }
    first[i] = Math.max(first[i], Math.ceil((from - size[i] + 1) / strides[i]));
    last[i] = Math.min(last[i], Math.floor(from / strides[i]));
    if (first[i] > last[i]) return null;
  }
  return boxOf(first, last);
}

export function boxOf([row, column], [lastRow, lastColumn]) {
  return { row, column, rows: lastRow - row + 1, columns: lastColumn - column + 1 };
}

/** The part of a box that lies in an image or a map. */
export function cutBox(box, [height, width]) {
  const first = [Math.max(box.row, 0), Math.max(box.column, 0)];
  const last = [box.row + box.rows, box.column + box.columns].map(
    (end, i) => Math.min(end, [height, width][i]) - 1,
  );
  return boxOf(first, last);
}

/** Put a frame around places of a canvas that fills `pane`; `box` null takes it away. */
export function frame(pane, className, box, shape) {
  let found = [...pane.children].find((child) => child.classList.contains(className));
  if (!box) return found?.remove();
  if (!found) {
    found = make("span", `frame ${className}`);
    pane.append(found);
  }
  const [height, width] = shape;
  const { row, column, rows, columns } = cutBox(box, shape);
  const shares = { top: row / height, left: column / width };
  Object.assign(shares, { height: rows / height, width: columns / width });
  for (const [side, share] of Object.entries(shares)) found.style[side] = `${100 * share}%`;
  found.hidden = rows < 1 || columns < 1;
  return found;
}

/** Call `choose(row, column)` with the place of a pane that is clicked, or that an arrow leads to. */
export function pickPlaces(pane, [rows, columns], current, choose) {
  pane.addEventListener("pointerdown", (event) => point(event));
  pane.addEventListener("pointermove", (event) => event.buttons && point(event));
  function point(event) {
    const box = pane.getBoundingClientRect();
    const row = Math.floor(((event.clientY - box.top) / box.height) * rows);
    const column = Math.floor(((event.clientX - box.left) / box.width) * columns);
    choose(clamp(row, 0, rows - 1), clamp(column, 0, columns - 1));
  }
  pane.addEventListener("keydown", (event) => {
    const steps = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };
    if (!(event.key in steps)) return;
    event.preventDefault();
    const [down, right] = current() ? steps[event.key] : [0, 0];
    const [row, column] = current() ?? [0, 0];
    choose(clamp(row + down, 0, rows - 1), clamp(column + right, 0, columns - 1));
  });
}

const span = (first, count) => (count === 1 ? `${first + 1}` : `${first + 1} to ${first + count}`);
export const placesText = ({ row, column, rows, columns }) =>
  `row${rows > 1 ? "s" : ""} ${span(row, rows)}, column${columns > 1 ? "s" : ""} ${span(column, columns)}`;

const REACH = "Click a pixel of this picture: on the maps is framed which numbers it can change.";
const DRAW = " To draw, use the picture under “Change the picture”.";

export function showField(element, network, state) {
  state.extend({ pixel: null });
  const { snapshot, layers } = network;
  const shape = snapshot.images.shape.slice(1);
  const first = layers.findIndex((layer) => layer.type === "InputLayer");
  const [pane, canvas] = makePane();
  const [sees, reaches] = [make("p", "sees"), make("div", "reaches")];
  pane.tabIndex = 0;
  pane.setAttribute("role", "application");
  pane.setAttribute("aria-label", "Picture: arrow keys choose a pixel, Escape leaves it");
  element.append(make("h2", "", "How far it sees"), pane, sees, reaches);
  pickPlaces(
    pane,
    shape,
    () => state.values.pixel,
    (row, column) => state.set({ pixel: [row, column] }),
  );

  const forget = makeButton("Take the yellow frames away", () => state.set({ pixel: null }));
  pane.addEventListener("keydown", ({ key }) => {
    if (key === "Escape") state.set({ pixel: null });
  });

  function paintInput() {
    if (first < 0) return;
    paintPicture(canvas, network.values(first), shape, snapshot.images);
  }

  function showSeen({ layer, channel, row, column }) {
    const chosen = layers[layer];
    const isPlace = chosen && (row !== null || !hasMaps(chosen));
    const found = isPlace && fieldAt(layers, chosen, channel ?? 0, row, column);
    const field = found?.field;
    const box = field ? seenBy(field, found.row, found.column) : null;
    frame(pane, "seen", box, shape);
    sees.textContent = "Choose a number of a map: here is framed which pixels it sees.";
    if (isPlace) sees.textContent = "What it sees is not known.";
    if (!box) return;
    const inside = cutBox(box, shape);
    const isCut = inside.rows < box.rows || inside.columns < box.columns;
    const size = `${shapeText(field.size)} pixels`;
    sees.textContent =
      (isCut
        ? `Its field is ${size}; of the picture it sees ${placesText(inside)}.`
        : `The number sees ${size}: ${placesText(inside)}.`) +
      `${field.beyond ? " By some layers it depends on further pixels too." : ""}` +
      `${field.misaligned ? " Branches see differently; this is around them all." : ""}`;
  }

  function showReached({ pixel }) {
    frame(pane, "pixel", pixel && boxOf(pixel, pixel), shape);
    for (const tile of document.querySelectorAll("#overview .tile.map")) {
      const layer = layers[tile.dataset.layer];
      const box = pixel && hasMaps(layer) && layer.field;
      const reached = box && reachedBy(layer.field, layer.shape, pixel);
      frame(tile.querySelector(".pane"), "reached", reached || null, layer.shape);
    }
    reaches.replaceChildren(pixel ? forget : REACH + (network.canChange ? DRAW : ""));
    if (pixel) reaches.append(reachedTable(layers, pixel));
  }

  network.subscribe(paintInput);
  state.watch(["layer", "channel", "row", "column"], showSeen);
  state.watch(["pixel", "open"], showReached);
  paintInput();
}

/** How many numbers of each map a pixel reaches. */
function reachedTable(layers, pixel) {
  const table = make("table", "counts");
  const where = placesText(boxOf(pixel, pixel));
  table.createCaption().textContent = `The pixel in ${where} can change, of each map,`;
  for (const layer of layers.filter(({ field, inputs }) => field && inputs.length)) {
    if (!hasMaps(layer)) continue;
    const box = reachedBy(layer.field, layer.shape, pixel);
    const row = table.insertRow();
    row.append(make("th", "", layer.name));
    const [n, of] = [box ? box.rows * box.columns : 0, layer.shape[0] * layer.shape[1]];
    row.insertCell().textContent = `${countOf(n)} of ${countOf(of)}`;
  }
  return table;
}
