/*
 * Interventions: of the map that is selected one changes the weights or switches it off; of its layer
 * one drops a share of the numbers. Each is an edit, as interventions_edits.js has them; the list of
 * edits is shown, and undone from its end.
 */

import { answersOf, verdictText } from "./changes.js";
import { colorOf } from "./colors.js";
import { labelled, make, makeButton } from "./elements.js";
import { channelsOff, maskOf } from "./interventions_edits.js";
import { clamp, partName, percent, plainText, shortName, textOf } from "./numbers.js";

const KERNELS = ["kernel", "pointwise"]; // of shape …, inputs, filters
const PER_CHANNEL = {
  bias: "bias b",
  gamma: "scale γ",
  beta: "shift β",
  mean: "mean μ",
  variance: "variance σ²",
};
const LARGEST = 1000; // of a weight that is typed
const LISTED = 5; // edits that are shown

const isWhole = (layer) => layer.type === "SpatialDropout2D";

/** An edit in words. */
export function editText(edit, snapshot) {
  const layer = snapshot.layers[edit.layer];
  if (edit.kind === "channel") {
    return `${partName(layer, edit.channel, snapshot)} is ${edit.on ? "on again" : "off"}`;
  }
  if (edit.kind === "mask") {
    return `dropout of ${percent(edit.rate)} after ${shortName(layer)}, mask ${edit.seed}`;
  }
  const channel = edit.at[0] % layer.weights[edit.name].shape.at(-1);
  const part = partName(layer, channel, snapshot);
  return edit.at.length === 1
    ? `${part}: ${edit.name} is ${textOf(edit.values[0])}`
    : `${part}: ${edit.at.length} numbers of ${edit.name}`;
}

/** The list with one more edit; one of the very thing that was edited last takes its place. */
export function withEdit(edits, edit) {
  const about = ({ kind, layer, name, at }) => JSON.stringify([kind, layer, name, at]);
  const last = edits.at(-1);
  const isSame = last && edit.kind !== "channel" && about(last) === about(edit);
  return [...(isSame ? edits.slice(0, -1) : edits), edit];
}

/** Where the numbers of a kernel lie that lead from one of its inputs to a channel. */
export function kernelPlaces(shape, from, channel) {
  const [nInputs, nOutputs] = shape.slice(-2);
  const nTaps = shape.slice(0, -2).reduce((product, n) => product * n, 1);
  return Array.from({ length: nTaps }, (_, tap) => (tap * nInputs + from) * nOutputs + channel);
}

function makeNumber(label, onValue, step = 0.1, event = "input") {
  const input = make("input", "");
  Object.assign(input, { type: "number", step, min: -LARGEST, max: LARGEST });
  input.setAttribute("aria-label", label);
  input.addEventListener(event, () => {
    const value = Number(input.value);
    if (input.value !== "" && Math.abs(value) <= LARGEST) onValue(value);
  });
  return input;
}

/** Fill an element with what one can do to the network, which is computed. */
export function showInterventions(element, network, state) {
  const find = (name) => element.querySelector(`[name="${name}"], .${name}`);
  let from = 0; // the input of the kernel that is shown
  let refreshers = []; // write the weights into the numbers

  const selected = () => network.layers[state.values.layer];
  const edit = (change) => state.set({ edits: withEdit(state.values.edits, change) });

  function addNumber(parent, name, at, label) {
    const { index } = selected();
    const input = makeNumber(label, (value) => {
      const least = name === "variance" ? 0 : -LARGEST; // it stands under a root
      edit({ kind: "weights", layer: index, name, at: [at], values: [Math.max(value, least)] });
    });
    refreshers.push((layer) => {
      const { values } = layer.weights[name];
      const largest = values.reduce((most, x) => Math.max(most, Math.abs(x)), 0);
      const color = colorOf(values[at], [-largest || -1, largest || 1]);
      input.style.setProperty("--weight", `rgb(${color.join(" ")})`);
      if (document.activeElement !== input) input.value = plainText(values[at]);
    });
    input.addEventListener("blur", refresh);
    parent.append(input);
    return input;
  }

  /** The numbers of a kernel from one input; which one is chosen beside it. */
  function addKernel(parent, name, { shape }) {
    const { index, settings } = selected();
    const { channel } = state.values;
    const [nInputs, nOutputs] = shape.slice(-2);
    const groups = settings.groups ?? 1;
    const first = Math.floor(channel / (nOutputs / groups)) * nInputs; // of its group
    const isMap = shape.length > 2;
    const [rows, columns] = isMap ? shape : [1, 1];
    const places = kernelPlaces(shape, from, channel);
    const change = (f) => () => {
      const { values } = network.edited()[index].weights[name];
      edit({
        kind: "weights",
        layer: index,
        name,
        at: places,
        values: places.map((i) => f(values[i])),
      });
    };
    if (nInputs > 1) {
      const choose = (value) => {
        from = clamp(Math.round(value) - 1 - first, 0, nInputs - 1);
        build();
        find("from").focus();
      };
      const choice = makeNumber("input", choose, 1, "change");
      Object.assign(choice, { className: "from", value: first + from + 1 });
      Object.assign(choice, { min: first + 1, max: first + nInputs });
      const what = isMap ? "Kernel for channel " : "Weight of input ";
      parent.append(labelled(what, choice, ` of ${nInputs * groups}`));
    }
    const grid = make("div", "kernel");
    grid.style.setProperty("--columns", columns);
    parent.append(grid);
    places.forEach((at, tap) => {
      const [row, column] = [Math.floor(tap / columns) + 1, (tap % columns) + 1];
      addNumber(grid, name, at, rows * columns > 1 ? `row ${row}, column ${column}` : "weight");
    });
    const buttons = make("div", "row");
    const [zero, turned] = [change(() => 0), change((x) => 0 - x)];
    buttons.append(makeButton("To zero", zero), makeButton("Turn signs", turned));
    parent.append(buttons);
  }

  function build() {
    const layer = selected();
    const { channel } = state.values;
    refreshers = [];
    const isChosen = layer && layer.type !== "InputLayer";
    find("of-layer").hidden = !isChosen;
    find("of-map").hidden = !isChosen || channel === null;
    find("chosen").textContent = isChosen
      ? `${shortName(layer)}, ${layer.type}`
      : "Choose a map or a unit of a layer. Here you switch it off, or change its weights.";
    find("weights").replaceChildren();
    if (find("of-map").hidden) return refresh();
    find("on-text").textContent = `${partName(layer, channel, network.snapshot)} is on`;
    for (const [name, weight] of Object.entries(layer.weights)) {
      if (KERNELS.includes(name)) {
        from = Math.min(from, weight.shape.at(-2) - 1);
        addKernel(find("weights"), name, weight);
      } else if (name in PER_CHANNEL && weight.shape.length === 1) {
        const label = labelled(`${PER_CHANNEL[name]} `);
        addNumber(label, name, channel, PER_CHANNEL[name]);
        find("weights").append(label);
      }
    }
    refresh();
  }

  function refresh() {
    const layer = selected();
    const { edits, channel } = state.values;
    if (layer) {
      const current = network.edited()[layer.index];
      for (const refresher of refreshers) refresher(current);
      find("on").checked = !channelsOff(edits, layer.index).includes(channel);
      const mask = maskOf(edits, layer.index);
      find("rate").value = mask?.rate ?? 0;
      const { rate } = layer.settings;
      const trained = rate === undefined ? "" : ` (in training ${percent(rate)})`;
      find("rated").textContent = `${mask ? `${percent(mask.rate)} off` : "none"}${trained}`;
      find("again").disabled = !mask;
    }
    const answers = edits.length ? answersOf(network) : null;
    find("verdict").textContent = answers ? verdictText(network.snapshot, ...answers) : "";
    const rest = edits.length - LISTED;
    const texts = edits.slice(-LISTED).map((one) => editText(one, network.snapshot));
    const items = texts.map((text) => make("li", "", text));
    find("edits").start = Math.max(rest, 0) + 1;
    find("edits").replaceChildren(...items);
    find("undo").disabled = find("reset").disabled = !edits.length;
  }

  function setMask(rate, seed) {
    const layer = selected();
    edit({ kind: "mask", layer: layer.index, rate, seed, whole: isWhole(layer) });
  }

  const seed = () => maskOf(state.values.edits, selected().index)?.seed ?? 1;
  find("rate").addEventListener("input", () => setMask(Number(find("rate").value), seed()));
  find("again").addEventListener("click", () => setMask(Number(find("rate").value), seed() + 1));
  find("on").addEventListener("change", () => {
    const { layer, channel } = state.values;
    edit({ kind: "channel", layer, channel, on: find("on").checked });
  });
  find("undo").addEventListener("click", () =>
    state.set({ edits: state.values.edits.slice(0, -1) }),
  );
  find("reset").addEventListener("click", () => state.set({ edits: [] }));
  state.subscribe(["layer", "channel"], build);
  network.subscribe(refresh);
  build();
}
