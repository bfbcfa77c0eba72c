/*
 * What is selected: a map as pictures that add up to it, and one of its numbers with all that it is
 * made of. detail_numbers.js says how a number comes about, detail_views.js shows one.
 *
 * `showDetail(element, network, state)` follows the state's `layer`, `channel`, `row` and `column`
 * and the network's numbers. The layers that are read light up in the overview, the others fade.
 */

import { paint, paintPicture, rangeOf, signedRange } from "./colors.js";
import { LINE, numberAt, numbersOfMap, planOf } from "./detail_numbers.js";
import { isByItself } from "./detail_steps.js";
import {
  ROUNDED,
  showPart,
  showSoftmax,
  showSome,
  showSteps,
  showValue,
  startText,
} from "./detail_views.js";
import { make, makeLink, makePane } from "./elements.js";
import { boxOf, frame, pickPlaces } from "./field.js";
import { makeGuessing } from "./guess.js";
import { maskOf } from "./interventions_edits.js";
import { hasMaps, indexOf, isOneTile, mapOf } from "./maps.js";
import { answerText, percent } from "./numbers.js";

const DOTTED = "A number with dots below it leads to where it comes from.";
/** How many windows are shown unless one asks for more. */
const fewParts = () => (matchMedia("(width >= 900px)").matches ? 8 : 3);

/** What a layer does, in a sentence. */
const ABOUT = {
  Add: "Adds the numbers at the same place of its inputs.",
  AveragePooling2D: "Each number is the mean of a window of one map.",
  Concatenate: "Puts the maps of its inputs behind each other.",
  Conv2D:
    "A filter slides over all maps: in each window each number is multiplied by a weight, and all are added up.",
  Dense: "Each number of the input times a weight of its own, and all added up.",
  DepthwiseConv2D: "A kernel slides over one map alone.",
  GlobalAveragePooling2D: "Each number is the mean of a whole map.",
  GlobalMaxPooling2D: "Each number is the largest of a whole map.",
  MaxPooling2D: "Each number is the largest of a window of one map.",
  Multiply: "Multiplies the numbers at the same place of its inputs.",
  SeparableConv2D: "A kernel slides over each map alone; then the maps are weighed and added up.",
};

/** What a layer does; of one that only changes what another makes, that too, with its name. */
function aboutText(layer, maker, mask) {
  const about = ABOUT[maker.kind] ?? "";
  if (!isByItself(layer)) return about;
  const does = layer.kind === "Identity" ? "nothing outside training" : "each number by itself";
  const own = mask
    ? `By the mask that you have set, ${layer.name} makes ${percent(mask.rate)} of its numbers 0, and the others larger.`
    : `${layer.name} changes ${does}.`;
  return layer === maker ? own : `${own} How its input comes about, in ${maker.name}: ${about}`;
}

export function showDetail(element, network, state) {
  const guessing = makeGuessing(state, () => {
    const hadFocus = number.contains(document.activeElement);
    showNumber();
    if (hadFocus) focusMap();
  });
  const [title, about] = [make("h2", "title"), make("p", "about")];
  const [made, number] = [make("div", "made"), make("div", "number")];
  element.append(title, guessing.control, about, made, number);
  let now = null; // {layer, plan, values, panes}: what is selected, with the panes of its pictures

  function build() {
    const { layer: index, channel } = state.values;
    const layer = network.edited()[index];
    const isKnown = Boolean(layer) && network.isKnown(index);
    const hadFocus = document.activeElement?.closest("#detail .result .pane");
    made.replaceChildren();
    now = null;
    title.textContent = layer ? titleOf(layer, channel) : "Nothing is selected";
    about.textContent = layer
      ? (ABOUT[layer.kind] ?? "")
      : "Choose a map above: here is shown how it is made, down to each of its numbers.";
    if (isKnown) {
      const values = network.values(index);
      const plan = planOf(network.edited(), network.values, index, channel ?? 0);
      now = { layer, channel: channel ?? 0, values, plan, panes: [], inputPanes: [] };
      if (plan)
        about.textContent = aboutText(layer, layers(plan.maker), maskOf(state.values.edits, index));
      else about.textContent += missingText(layer);
      showMade();
      if (hadFocus) focusMap();
    }
    mark();
    showNumber();
  }

  const focusMap = () => made.querySelector(".result .pane").focus({ preventScroll: true });
  const layers = (index) => network.edited()[index];

  function missingText(layer) {
    if (!layer.inputs.length) return "This is what the network is given.";
    return " The page does not know how its numbers come about; here is what Keras gave.";
  }

  // Pictures

  function addPane(parent, caption, map, range, className = "") {
    const figure = make("figure", className);
    const [pane, canvas] = makePane();
    paint(canvas, map, range ?? rangeOf(map));
    pane.style.aspectRatio = `${map.columns} / ${map.rows}`;
    figure.append(pane, make("figcaption", "", caption));
    parent.append(figure);
    return pane;
  }

  function showMade() {
    const { layer, plan, values, channel } = now;
    const [rows, columns] = hasMaps(layer) ? layer.shape : [1, 1];
    const whole = plan && numbersOfMap(plan, [rows, columns]);
    if (plan) showParts(whole, rows, columns);
    const chain = make("div", "chain");
    made.append(chain);
    const pictures = whole && hasMaps(layer) ? stepPictures(whole) : [];
    const last = pictures.pop(); // it is the map itself
    for (const { name, numbers } of pictures) {
      const map = { values: numbers, start: 0, step: 1, rows, columns };
      now.panes.push(addPane(chain, name, map, signedRange(rangeOf(map))));
    }
    const own = mapOf(layer, values, channel);
    const caption = `this map${last ? `: ${last.name}` : ""}`;
    const result = addPane(chain, hasMaps(layer) ? caption : "all units", own, null, "result");
    if (layer.type === "InputLayer" && hasMaps(layer)) {
      paintPicture(result.firstChild, values, layer.shape, network.snapshot.images);
    }
    now.panes.push(result);
    result.tabIndex = 0;
    result.setAttribute("role", "application");
    result.setAttribute("aria-label", `${title.textContent}: arrow keys choose a number`);
    for (const pane of now.panes) pickPlaces(pane, [own.rows, own.columns], currentPlace, choose);
  }

  /** The sum and each step as numbers of a picture. */
  function stepPictures({ start, steps }) {
    const { plan } = now;
    const shown = [{ name: startText(plan), numbers: start }];
    plan.steps.forEach((step, k) => {
      const before = k ? steps[k - 1] : start;
      if (step.isChange && steps[k].every((x, i) => x === before[i])) return;
      shown.push({ name: `then ${step.name}`, numbers: steps[k] });
    });
    return shown;
  }

  function showParts(whole, rows, columns) {
    const { plan, layer } = now;
    const strip = make("div", "strip");
    strip.tabIndex = 0;
    strip.setAttribute("role", "group");
    strip.setAttribute("aria-label", "What it is made of");
    const kernels = plan.parts.map((part) => part.kernel ?? []);
    const products = hasMaps(layer)
      ? whole.parts
      : numberAt(plan, 0, 0).parts.map((part) => part.products);
    const [ofKernels, ofProducts] = [rangeOfAll(kernels), rangeOfAll(products)];
    plan.parts.forEach((part, k) => {
      const card = make("div", "part");
      now.inputPanes.push(addInput(card, part));
      if (part.kernel) {
        const of = (values) => gridOf(values, part.columns);
        addPane(card, "× weights", of(kernels[k]), ofKernels, "kernel");
        const map = { values: products[k], start: 0, step: 1, rows, columns };
        const result = hasMaps(layer) ? map : of(products[k]);
        const pane = addPane(card, "= products", result, ofProducts);
        if (hasMaps(layer)) now.panes.push(pane);
      }
      strip.append(card);
    });
    const hint = make(
      "p",
      "scroll-hint",
      `${plan.parts.length} inputs: scroll to the right for all →`,
    );
    const isCut = () => strip.scrollWidth > strip.clientWidth + 1;
    new ResizeObserver(() => (hint.hidden = !isCut())).observe(strip);
    made.append(hint, strip);
  }

  /** What a part reads; of the picture itself as it looks. */
  function addInput(card, part) {
    const { values, channel, shape } = part;
    const [rows, columns, step] = shape;
    const map = { values, start: channel ?? 0, step, rows, columns };
    const pane = addPane(card, "", isLine(part) ? gridOf(values, LINE) : map);
    const follow = () => state.select(part.layer, channel ?? 0);
    pane.nextSibling.append(makeLink(part.name, follow));
    if (layers(part.layer).type === "InputLayer") {
      const own = values.filter((_, i) => i % step === channel);
      paintPicture(pane.firstChild, own, [rows, columns, 1], network.snapshot.images);
    }
    return pane;
  }

  // A number

  function currentPlace() {
    const { row, column, channel } = state.values;
    if (hasMaps(now.layer)) return row === null ? null : [row, column];
    const { columns } = mapOf(now.layer, now.values, 0);
    return channel === null ? null : [Math.floor(channel / columns), channel % columns];
  }

  function choose(row, column) {
    const { layer, channel } = now;
    if (hasMaps(layer)) return state.select(layer.index, channel, row, column);
    const unit = row * mapOf(layer, now.values, 0).columns + column;
    if (unit < layer.size) state.select(layer.index, unit);
  }

  function showNumber() {
    number.replaceChildren();
    if (!now) return;
    const place = currentPlace();
    const own = mapOf(now.layer, now.values, now.channel);
    for (const pane of now.panes)
      frame(pane, "chosen", place && boxOf(place, place), [own.rows, own.columns]);
    now.inputPanes.forEach((pane) => frame(pane, "chosen", null));
    if (!place) {
      const what = hasMaps(now.layer)
        ? "Click a place of the blue-framed map"
        : "Click one of the units";
      number.append(make("p", "hint", `${what}: here is shown what its number is made of.`));
      return;
    }
    const [row, column] = hasMaps(now.layer) ? place : [0, 0];
    const value = now.values[indexOf(now.layer, now.channel, row, column)];
    const key = [state.values.picture, now.layer.index, now.channel, row, column, value].join();
    const isHidden = guessing.isHidden(key);
    const head = make("h3", "", `${placeText(row, column)} is `);
    head.append(showValue(value, isHidden));
    const largest = now.values.reduce((most, x) => Math.max(most, Math.abs(x)), 0);
    number.append(head, guessing.form(key, value, largest));
    if (now.plan) explainNumber(row, column, isHidden);
  }

  function placeText(row, column) {
    const { layer, channel } = now;
    if (hasMaps(layer)) return `Row ${row + 1}, column ${column + 1}`;
    const isAnswer = network.snapshot.outputs.includes(layer.index);
    return isAnswer ? answerText(network.snapshot, layer, channel) : `Unit ${channel + 1}`;
  }

  function explainNumber(row, column, isHidden) {
    const { plan } = now;
    const found = numberAt(plan, row, column);
    found.parts.forEach(({ part, places }, k) => {
      if (!isLine(part)) frame(now.inputPanes[k], "chosen", boxAround(places), part.shape);
    });
    const steps = found.steps
      .filter((step) => !step.isChange || step.before !== step.value)
      .map((step) => {
        const of = step.layer === plan.maker ? "" : ` in ${layers(step.layer).name}`;
        return { ...step, name: step.name + of, text: step.say(row, column) };
      });
    number.append(showSteps(plan, { ...found, steps }, isHidden));
    for (const { all, unit } of steps.filter((step) => step.all)) {
      number.append(showSoftmax(network.snapshot, all(row, column), unit, isHidden));
    }
    number.append(...showWindows(found.parts, isHidden));
    number.append(make("p", "hint", `${ROUNDED} ${DOTTED}`));
  }

  /** Windows of all parts, those that give most first. */
  function showWindows(parts, isHidden) {
    const order = [...parts].sort((a, b) => Math.abs(b.total) - Math.abs(a.total));
    const show = (part) => showPart(now.plan, part, isHidden, goTo);
    return showSome(make("div", "windows"), order, fewParts(), show, isHidden);
  }

  /** Select a number that a part reads: it lies at the same place, whatever shape it is read in. */
  function goTo({ layer: index, channel, shape }, [row, column]) {
    const layer = layers(index);
    const at = (row * shape[1] + column) * shape[2] + (channel ?? 0);
    if (!hasMaps(layer)) return state.select(index, at);
    const [, columns, channels] = layer.shape;
    const place = Math.floor(at / channels);
    state.select(index, at % channels, Math.floor(place / columns), place % columns);
  }

  // The overview

  function mark() {
    const read = new Set(now?.plan?.parts.map((part) => part.layer));
    const isRead = ({ dataset }) =>
      now?.plan?.parts.some(
        ({ layer, channel }) =>
          layer === Number(dataset.layer) &&
          (isOneTile(layers(layer)) || channel === null || channel === Number(dataset.channel)),
      );
    for (const column of document.querySelectorAll("#overview .column")) {
      const index = Number(column.dataset.layer);
      const isPart = read.has(index) || index === state.values.layer;
      column.classList.toggle("faded", state.values.layer !== null && !isPart);
      for (const tile of column.querySelectorAll(".tile")) {
        const isNeeded = Boolean(isRead(tile));
        tile.classList.toggle("read", isNeeded);
        tile.classList.toggle("faded", read.has(index) && !isNeeded);
      }
    }
  }

  state.subscribe(["row", "column"], (_, changed) => {
    if (!changed.includes("layer") && !changed.includes("channel")) showNumber();
  });
  state.subscribe(["open"], mark);
  network.watch(["layer", "channel"], build);
}

const titleOf = (layer, channel) => {
  if (!hasMaps(layer)) return `${layer.name}, ${layer.type}`;
  if (layer.type === "InputLayer") return `Channel 1 of ${layer.shape[2]} of the picture`;
  return `Map ${(channel ?? 0) + 1} of ${layer.shape[2]} in ${layer.name}, ${layer.type}`;
};

const gridOf = (values, columns) => {
  const rows = Math.ceil(values.length / columns);
  return { values, start: 0, step: 1, rows, columns: Math.min(columns, values.length) };
};

const rangeOfAll = (lists) => signedRange(rangeOf(gridOf(lists.flat(), 1)));

/** Whether a part reads a vector, which is shown in lines. */
const isLine = ({ shape }) => shape[0] === 1 && shape[2] === 1;

/** The smallest box around places; null if there are none. */
function boxAround(places) {
  const all = [0, 1].map((axis) => places.map((place) => place[axis]));
  if (!places.length) return null;
  return boxOf(
    all.map((each) => Math.min(...each)),
    all.map((each) => Math.max(...each)),
  );
}
