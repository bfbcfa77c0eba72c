/*
 * The tour: ten things to do, in an order that teaches. A step is ticked when one has done it, in
 * whatever order; *Where?* leads to the place where it is done, but does not do it. And views to
 * jump to: presets of what is selected.
 *
 * What a step says is in page.html. `where(network)` is its place in the page, as a CSS selector, or
 * nothing if it cannot be done in this network. `isDone(values, network, layer)`, with the selected
 * layer, is asked when one of the state's `keys` was changed by hand, not with a view jumped to.
 */

import { makeButton } from "./elements.js";
import { countMaps, hasMaps, indexOf } from "./maps.js";
import { upTo } from "./numbers.js";
import { takenFor } from "./snapshot.js";
import { hasLeftOver } from "./workshop.js";

const isConvolution = (layer) => /Conv2D$/.test(layer?.type);
const isPooling = (layer) => /Pooling2D$/.test(layer?.type) && hasMaps(layer);

/** The layers of a network that are shown and pass a test. */
const layersLike = (network, test) =>
  network.layers.filter(
    (layer) => layer.inputs.length && network.isKnown(layer.index) && test(layer),
  );
const deepest = (network) => layersLike(network, (layer) => hasMaps(layer) && layer.field).at(-1);
const tileOf = (layer) => layer && `.tile[data-layer="${layer.index}"]`;

const NUMBER = ["layer", "row", "column"]; // keys of the state
const firstConvolution = (network) => layersLike(network, isConvolution)[0];
const firstPooling = (network) => layersLike(network, isPooling)[0];

const TOUR = {
  picture: {
    keys: ["picture"],
    where: ({ snapshot }) => snapshot.images.shape[0] > 1 && '.picture[aria-pressed="false"]',
    isDone: () => true,
  },
  map: {
    keys: ["layer", "channel"],
    where: (network) => tileOf(firstConvolution(network)),
    isDone: ({ channel }, network, layer) =>
      channel !== null && layer === firstConvolution(network),
  },
  colours: { keys: ["scale"], where: () => "#scale", isDone: ({ scale }) => scale === "layer" },
  number: {
    keys: NUMBER,
    where: (network) => tileOf(firstConvolution(network)),
    isDone: ({ row }, network, layer) => row !== null && isConvolution(layer),
  },
  pooling: {
    keys: NUMBER,
    where: (network) => tileOf(firstPooling(network)),
    isDone: ({ row }, network, layer) => row !== null && isPooling(layer),
  },
  field: {
    keys: NUMBER,
    where: (network) => tileOf(deepest(network)),
    isDone: ({ row }, network, layer) => row !== null && layer === deepest(network),
  },
  guess: {
    keys: ["guesses"],
    where: () => ".guessing input", // which is there once a map is selected
    isDone: ({ guesses }) => guesses.of > 0,
  },
  change: {
    keys: ["input"],
    where: ({ canChange }) => canChange && "#drawing .pad",
    isDone: ({ input }) => input !== null,
  },
  edit: {
    keys: ["edits"],
    where: ({ isComputed }) => isComputed && "#interventions [name='on']",
    isDone: ({ edits }) => edits.length > 0,
  },
  workshop: {
    keys: ["workshop"],
    where: () => '#workshop [name="size"]',
    isDone: ({ workshop }) => hasLeftOver(workshop),
  },
};

/** Show the steps in an element, and tick off what was done. */
export function showTour(element, network, state) {
  state.extend({ ticked: [] });
  const told = element.querySelector(".told");
  const steps = [];
  for (const item of element.querySelectorAll("[data-step]")) {
    const step = {
      item,
      name: item.dataset.step,
      text: item.textContent,
      ...TOUR[item.dataset.step],
    };
    const place = step.where(network);
    if (!place) {
      item.remove();
      continue;
    }
    item.append(
      " ",
      makeButton("Where?", () => leadTo(place)),
    );
    steps.push({ ...step, place });
  }

  function leadTo(selector) {
    let place = document.querySelector(selector) ?? document.querySelector(".tile[tabindex='0']");
    const fold = place.closest("details");
    fold?.setAttribute("open", "");
    if (!place.checkVisibility()) place = fold.querySelector("summary"); // nothing is selected yet
    const isCalm = matchMedia("(prefers-reduced-motion: reduce)").matches;
    place.scrollIntoView({ block: "center", behavior: isCalm ? "auto" : "smooth" });
    place.focus({ preventScroll: true, focusVisible: true });
  }

  function mark() {
    const { ticked } = state.values;
    const left = steps.filter(({ name }) => !ticked.includes(name));
    const last = steps.findIndex(({ name }) => name === ticked.at(-1));
    const next = left.find((step) => steps.indexOf(step) > last) ?? left[0];
    for (const step of steps) {
      step.item.classList.toggle("done", !left.includes(step));
      step.item.classList.toggle("next", step === next);
    }
    const n = steps.length - left.length;
    told.textContent = `${n} of ${steps.length} steps are done. ${next ? `Next: ${next.text}` : ""}`;
    if (next)
      told.append(
        " ",
        makeButton("Where?", () => leadTo(next.place)),
      );
  }

  function tick(values, changed) {
    if (changed.includes("visits")) return;
    const isTouched = ({ keys }) => keys.some((key) => changed.includes(key));
    const done = steps.filter(
      (step) => isTouched(step) && step.isDone(values, network, network.layers[values.layer]),
    );
    state.set({ ticked: [...new Set([...values.ticked, ...done.map(({ name }) => name)])] });
  }

  state.subscribe([...steps.flatMap(({ keys }) => keys), "visits"], tick);
  state.subscribe(["ticked"], mark);
  state.subscribe(["visits"], () => {
    const place = { block: "nearest", inline: "center" };
    document.querySelector('.tile[aria-pressed="true"]')?.scrollIntoView(place);
  });
  mark();
}

/** The map with the largest value of a layer, or of one place of it. */
function strongest(network, layer, row, column) {
  const n = countMaps(layer);
  let values = network.values(layer.index);
  if (row !== undefined) values = values.subarray(indexOf(layer, 0, row, column)).subarray(0, n);
  return values.indexOf(values.reduce((a, b) => Math.max(a, b))) % n;
}

/** The first picture whose largest answer is not the right class, with that answer as selected. */
function firstWrong(snapshot) {
  const channels = upTo(snapshot.images.shape[0]).map((picture) => takenFor(snapshot, picture));
  const picture = channels.findIndex((channel) => channel !== null);
  if (picture < 0) return null;
  return { picture, layer: snapshot.outputs[0], channel: channels[picture] };
}

/** Views to jump to, `[name, changes]`, of those that the network has. */
function viewsOf(network) {
  const nothing = { layer: null, channel: null, row: null, column: null };
  const views = [["Nothing selected", () => nothing]];
  const [first] = layersLike(network, isConvolution);
  if (first) {
    const view = () => ({ ...nothing, layer: first.index, channel: strongest(network, first) });
    views.push(["The strongest map of the first convolution", view]);
  }
  const last = deepest(network);
  if (last) {
    const [row, column] = last.shape.map((n) => Math.floor(n / 2));
    const view = () => ({
      layer: last.index,
      channel: strongest(network, last, row, column),
      row,
      column,
    });
    views.push(["What the middle of the last maps sees", view]);
  }
  const wrong = firstWrong(network.snapshot);
  if (wrong) {
    const given = { ...nothing, input: null, against: null, trail: [] };
    const picture = { ...given, picture: wrong.picture };
    views.push(["A picture that it gets wrong", () => picture]);
    views.push(["Why it gets that picture wrong", () => ({ ...given, ...wrong })]);
  }
  return views;
}

/** Fill a choice of views; to choose one goes there. */
export function showViews(choice, network, state) {
  const views = viewsOf(network);
  for (const [name] of views) choice.append(new Option(name));
  choice.addEventListener("change", () => {
    const found = views.find(([name]) => name === choice.value);
    if (found) state.set({ ...found[1](), visits: state.values.visits + 1 });
    choice.selectedIndex = 0;
  });
}
