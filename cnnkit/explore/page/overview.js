/*
 * The overview: layers as columns, from the image to the answer; each map is a tile.
 *
 * `showOverview(element, network, state)` fills an element and keeps it up to date: it paints when
 * the network's numbers or the state's `scale` change, and marks what is selected. A click on a tile
 * selects its map. A tile has `data-layer` and `data-channel`, a column `data-layer`: other parts of
 * the page find them so. Within the columns the arrow keys walk from tile to tile, and only one tile
 * is a stop of the Tab key.
 */

import { paint, paintPicture, rangeOf } from "./colors.js";
import { make, makeButton, makeLink, makePane } from "./elements.js";
import { foldsOf } from "./folds.js";
import { countMaps, fieldAt, hasMaps, isOneTile, mapOf } from "./maps.js";
import { answerText, countOf, fieldText, shapeText, shortName, textOf } from "./numbers.js";

const FEW = 16; // maps of a layer that are shown unless one asks for more
const RING = 4; // px around the selected tile, for its frame
const MANY = 20; // units of an answer up to which each has a bar

function makeTile(className, layer, channel) {
  const tile = make("button", `tile ${className}`);
  tile.type = "button";
  tile.tabIndex = -1;
  tile.dataset.layer = layer.index;
  tile.dataset.channel = channel;
  return tile;
}

/** What a number of a layer sees; where its numbers see differently, all of them together. */
function fieldOf(layers, layer) {
  if (!layer.shape) return layer.field;
  const sizes = [0, layer.size - 1].map((unit) => fieldAt(layers, layer, unit).field);
  return shapeText(sizes[0]?.size) === shapeText(sizes[1]?.size) ? sizes[0] : layer.field;
}

function makeFacts(layers, layer) {
  const facts = make("dl", "facts");
  const all = [
    ["shape", shapeText(layer.shape)],
    ["parameters", countOf(layer.parameters)],
    ["multiply-adds", countOf(layer.multiply_adds)],
    ["sees", fieldText(fieldOf(layers, layer))],
  ];
  for (const [name, value] of all) facts.append(make("dt", "", name), make("dd", "", value));
  return facts;
}

export function showOverview(element, network, state) {
  const { snapshot, layers } = network;
  let painters = []; // functions of the layers' ranges, one for each tile
  let built = ""; // which layers were known
  let isSought = false; // the selected tile, while its layer is unfolded

  const isAnswer = (layer) =>
    snapshot.outputs.includes(layer.index) && layer.shape?.length === 1 && layer.size <= MANY;

  function addMap(tiles, layer, channel) {
    const n = countMaps(layer);
    const what = hasMaps(layer) ? `map ${channel + 1} of ${n}` : "all units";
    const tile = makeTile("map", layer, channel);
    tile.setAttribute("aria-label", `${layer.name}, ${what}`);
    tile.title = what;
    const [pane, canvas] = makePane("span"); // frames are placed in it, whatever else is in the tile
    tile.append(pane);
    tiles.append(tile);
    painters.push((ranges) => {
      const values = network.values(layer.index);
      if (layer.type === "InputLayer" && hasMaps(layer)) {
        paintPicture(canvas, values, layer.shape, snapshot.images);
        return;
      }
      const map = mapOf(layer, values, channel);
      paint(canvas, map, ranges ? ranges[layer.index] : rangeOf(map));
    });
  }

  function addBar(tiles, layer, unit) {
    const tile = makeTile("bar", layer, unit);
    const value = make("span", "value");
    const fill = make("span", "fill");
    tile.append(make("span", "class", answerText(snapshot, layer, unit)), fill, value);
    tiles.append(tile);
    painters.push(() => {
      const values = network.values(layer.index);
      const x = values[unit];
      const [low, high] = [Math.min(0, ...values), Math.max(1, ...values)];
      value.textContent = textOf(x);
      tile.style.setProperty("--zero", -low / (high - low));
      fill.style.setProperty("--start", (Math.min(x, 0) - low) / (high - low));
      fill.style.setProperty("--share", Math.abs(x) / (high - low));
      fill.classList.toggle("negative", x < 0);
      tile.classList.toggle("largest", values[unit] === Math.max(...values));
    });
  }

  function makeColumn(layer) {
    const column = make("div", "column");
    column.dataset.layer = layer.index;
    column.setAttribute("role", "group");
    column.setAttribute("aria-label", `${layer.name}, ${layer.type}`);
    const name = make("h3", "", shortName(layer));
    name.title = layer.name;
    const head = make("div", "head");
    head.append(name, make("p", "type", layer.type));
    column.append(head, makeFacts(layers, layer));
    if (!network.isKnown(layer.index)) {
      column.append(make("p", "missing", layer.missing ?? "Its numbers were not recorded."));
      if (network.live) {
        column.append(makeLink("Ask the kernel", () => network.live.want(layer.index)));
      }
      return column;
    }
    const [shown, block, tiles] = [make("div", "shown"), make("div", ""), make("div", "tiles")];
    column.append(shown);
    shown.append(block);
    block.append(tiles);
    if (isAnswer(layer)) {
      for (let unit = 0; unit < layer.size; unit++) addBar(tiles, layer, unit);
      return column;
    }
    const n = layer.type === "InputLayer" ? 1 : countMaps(layer);
    const isOpen = state.values.open.includes(layer.name);
    for (let i = 0; i < (isOpen ? n : Math.min(n, FEW)); i++) addMap(tiles, layer, i);
    if (n > FEW) block.append(makeSwitch(layer.name, isOpen ? "fewer" : `${n - FEW} more maps`));
    return column;
  }

  function makeSwitch(key, text, isOpen = state.values.open.includes(key)) {
    const press = () => {
      const { open } = state.values;
      state.set({ open: open.includes(key) ? open.filter((k) => k !== key) : [...open, key] });
      element.querySelector(`[data-key="${CSS.escape(key)}"]`)?.focus();
    };
    const button = makeButton(text, press, "switch");
    button.dataset.key = key;
    button.setAttribute("aria-expanded", isOpen);
    return button;
  }

  /** The columns of a nested model, or of a dozen layers; folded, the last one stands for all. */
  function makeFold(fold) {
    if (!fold.name) return fold.layers.map(makeColumn);
    const isShown = fold.isFolded === state.values.open.includes(fold.key);
    const known = fold.layers.filter((layer) => network.isKnown(layer.index));
    const shown = isShown ? fold.layers : [known.at(-1) ?? fold.layers.at(-1)];
    const group = make("div", "fold");
    const columns = make("div", "columns");
    columns.append(...shown.map(makeColumn));
    group.append(
      makeSwitch(fold.key, `${fold.name} (${fold.layers.length} layers)`, isShown),
      columns,
    );
    return [group];
  }

  const known = () => layers.map((layer) => network.isKnown(layer.index) || layer.missing).join();

  function build() {
    painters = [];
    built = known();
    element.replaceChildren(...foldsOf(layers).flatMap(makeFold));
    paintAll();
    mark();
  }

  /** The range of each layer's values, or that of the network for all; null for one of each map. */
  function ranges() {
    const { scale } = state.values;
    if (scale === "map") return null;
    const found = layers.map(({ index, type }) => {
      const values = type === "InputLayer" ? null : network.values(index);
      return values
        ? rangeOf({ values, start: 0, step: 1, rows: 1, columns: values.length })
        : [0, 0];
    });
    if (scale === "layer") return found;
    const whole = [
      Math.min(...found.map(([low]) => low)),
      Math.max(...found.map(([, high]) => high)),
    ];
    return found.map(() => whole);
  }

  function paintAll() {
    const found = ranges();
    for (const painter of painters) painter(found);
  }

  function mark() {
    const { layer, channel } = state.values;
    document.body.classList.toggle("has-selection", layer !== null);
    for (const tile of element.querySelectorAll(".tile")) {
      const isWhole = tile.classList.contains("map") && isOneTile(layers[tile.dataset.layer]);
      const isChannel = isWhole || Number(tile.dataset.channel) === channel;
      const isSelected = Number(tile.dataset.layer) === layer && isChannel;
      tile.setAttribute("aria-pressed", isSelected);
      tile.tabIndex = isSelected ? 0 : -1;
    }
    const tiles = element.querySelectorAll(".tile");
    if (tiles.length && !element.querySelector(".tile[tabindex='0']")) tiles[0].tabIndex = 0;
  }

  /** Scroll to the selected tile, if need be; unfold its layer first. The page itself stays. */
  function reveal() {
    const tile = element.querySelector(".tile[aria-pressed='true']");
    if (tile) return scrollWithin(element, tile);
    const { layer: index, channel, open } = state.values;
    if (index === null) return;
    const layer = layers[index];
    const fold = foldsOf(layers).find((each) => each.layers.includes(layer));
    const isShown = !fold.name || fold.isFolded === open.includes(fold.key);
    const others = isShown ? open : open.filter((key) => key !== fold.key);
    const keys = isShown || !fold.isFolded ? [] : [fold.key];
    if (!isOneTile(layer) && channel >= FEW && !open.includes(layer.name)) keys.push(layer.name);
    isSought = keys.length > 0 || others.length < open.length;
    state.set({ open: [...others, ...keys] });
  }

  element.addEventListener("click", (event) => {
    const tile = event.target.closest(".tile");
    if (!tile) return;
    state.select(Number(tile.dataset.layer), Number(tile.dataset.channel));
    const place = { block: "nearest", inline: "nearest" }; // the columns may be lower now
    for (const each of [element, tile]) each.scrollIntoView(place);
  });

  element.addEventListener("keydown", (event) => {
    const tile = event.target.closest(".tile");
    const next = tile && neighbour(element, tile, event.key);
    if (!next) return;
    event.preventDefault();
    next.focus();
  });

  network.subscribe(() => (known() === built ? paintAll() : build()));
  state.subscribe(["scale"], paintAll);
  state.subscribe(["open"], () => {
    build();
    if (!isSought) return;
    isSought = false;
    reveal();
  });
  state.subscribe(["layer", "channel"], () => {
    mark();
    reveal();
  });
  build();
}

/** Scroll an element as little as need be, so that a tile in it is seen below the layer's name. */
function scrollWithin(element, tile) {
  const [view, box] = [element.getBoundingClientRect(), tile.getBoundingClientRect()];
  const head = tile.closest(".column").querySelector(".head").offsetHeight;
  const missing = (first, last, low, high) =>
    first < low ? first - low : Math.max(Math.min(last - high, first - low), 0);
  const [width, height] = [element.clientWidth, element.clientHeight];
  element.scrollBy(
    missing(box.left - RING, box.right + RING, view.left, view.left + width),
    missing(box.top - RING, box.bottom + RING, view.top + head, view.top + height),
  );
}

/** The tile that an arrow key leads to, in the same column or in the next one that has tiles. */
function neighbour(element, tile, key) {
  const columns = [...element.querySelectorAll(".tiles")];
  const column = columns.indexOf(tile.parentElement);
  const place = [...columns[column].children].indexOf(tile);
  if (key === "ArrowUp") return tile.previousElementSibling;
  if (key === "ArrowDown") return tile.nextElementSibling;
  const step = { ArrowLeft: -1, ArrowRight: 1 }[key];
  const others = columns[column + step]?.children;
  return others && others[Math.min(place, others.length - 1)];
}
