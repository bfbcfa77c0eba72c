/*
 * The start: reads the snapshot, makes the state and the network, and hands each part of the page
 * its element. Whoever adds a part adds a line here.
 */

import { showAddress } from "./address.js";
import { showChanges } from "./changes.js";
import { showDetail } from "./detail.js";
import { make } from "./elements.js";
import { showField } from "./field.js";
import { showPictures } from "./inputs.js";
import { showDrawing } from "./inputs_draw.js";
import { showInterventions } from "./interventions.js";
import { makeNetwork } from "./network.js";
import { classText, countOf, orderOf, textOf } from "./numbers.js";
import { showOverview } from "./overview.js";
import { showSentence } from "./sentence.js";
import { readSnapshot } from "./snapshot.js";
import { makeState } from "./state.js";
import { showTraining } from "./training.js";
import { showTour, showViews } from "./tour.js";
import { showAsk, showWhy } from "./why.js";
import { showWorkshop } from "./workshop.js";

const FIRST = {
  picture: 0,
  input: null,
  layer: null,
  channel: null,
  row: null,
  column: null,
  scale: "map",
  theme: "system",
  zoom: 1,
  open: [],
  edits: [],
  visits: 0,
};

const find = (id) => document.getElementById(id);

/** A control whose value is a key of the state. */
function bind(element, state, key, read = (value) => value) {
  const show = () => (element.value = state.values[key]);
  element.addEventListener("input", () => state.set({ [key]: read(element.value) }));
  state.subscribe([key], show);
  show();
}

/** What the page is about, in a line. */
function showHead(snapshot) {
  const total = (key) => snapshot.layers.reduce((sum, layer) => sum + (layer[key] ?? 0), 0);
  find("name").textContent = snapshot.name;
  find("facts").textContent =
    `${snapshot.layers.length} layers, ${countOf(total("parameters"))} parameters, ` +
    `${countOf(total("multiply_adds"))} multiply-adds`;
  const kernel = "; of a picture that you change, it asks Keras in the kernel";
  find("reason").textContent = snapshot.reason
    ? `${snapshot.reason} So the page shows what Keras gave for these pictures, of some layers` +
      `${snapshot.live ? kernel : ""}.`
    : "";
}

const RAW =
  "These are raw scores, not percentages: the last layer has no softmax, which takes e to the power of " +
  "each score and divides it by the sum of all, so that they become shares.";

/** Whether answers are shares: by the last layer's activation, or else because they add up to 1. */
function isShares(answers, { settings }) {
  const name = (settings?.activation ?? settings?.function)?.name ?? "";
  const sum = answers.reduce((a, b) => a + b, 0);
  return /sigmoid|softmax/.test(name) || (Math.min(...answers) >= 0 && Math.abs(sum - 1) < 0.05);
}

/** What the network says of the picture: its two largest answers, and the right class. */
function showAnswer(element, network, { values: { picture, input } }) {
  const { snapshot } = network;
  const [last] = snapshot.outputs;
  const answers = snapshot.outputs.length === 1 && network.values(last);
  if (!answers || snapshot.layers[last].shape.length > 1 || answers.length === 1) return;
  const order = orderOf(answers).slice(0, 2);
  const said = order.map((unit) => `${classText(snapshot, unit)} (${textOf(answers[unit])})`);
  const right = input ? null : snapshot.labels?.[picture];
  const truth =
    right === null || right === undefined ? "" : `; it is ${classText(snapshot, right)}`;
  element.textContent = `The network says ${said.join(", then ")}${truth}.`;
  if (!isShares(answers, network.edited()[last])) element.append(" ", make("span", "meaning", RAW));
  element.classList.toggle("wrong", Boolean(truth) && right !== order[0]);
}

/** The tools that change something; of a network that is recorded a kernel is needed. */
function showTools(network, state) {
  find("tools").hidden = !network.canChange;
  if (!network.canChange) return;
  find("interventions").hidden = find("training").hidden = !network.isComputed;
  if (network.live) {
    const said = "It goes to the kernel of this notebook, and nowhere else.";
    find("drawing").querySelector(".photo-said").textContent = said;
  }
  showDrawing(find("drawing"), network, state);
  if (network.isComputed) {
    showInterventions(find("interventions"), network, state);
    showTraining(find("training"), network, state);
  }
  showChanges(find("overview"), find("compared"), network, state);
}

function start() {
  const snapshot = readSnapshot(JSON.parse(find("snapshot").textContent));
  const state = makeState(FIRST);
  const network = makeNetwork(snapshot, state);
  showHead(snapshot);
  const isWide = matchMedia("(width >= 900px)").matches;
  for (const id of ["drawing", "workshop"]) find(id).open = isWide;
  bind(find("scale"), state, "scale");
  bind(find("theme"), state, "theme");
  bind(find("zoom"), state, "zoom", Number);
  const root = document.documentElement;
  state.subscribe(["theme"], ({ theme }) => (root.dataset.theme = theme));
  state.subscribe(["zoom"], ({ zoom }) => root.style.setProperty("--zoom", zoom));
  network.watch([], () => showAnswer(find("answer"), network, state));
  network.live?.subscribe((said) => (find("asked").textContent = said));
  showPictures(find("pictures"), network, state);
  showOverview(find("overview"), network, state);
  showTools(network, state);
  showDetail(find("detail"), network, state);
  showWhy(find("why"), network, state);
  showAsk(find("ask"), find("why"), network, state);
  showField(find("field"), network, state);
  showSentence(find("sentence"), network, state);
  showWorkshop(find("workshop"), network, state);
  showViews(find("views"), network, state);
  showTour(find("tour"), network, state);
  const address = { field: find("view"), copy: find("copy"), status: find("copied") };
  showAddress(address, network, state); // the last one: all keys of the state are there
}

start();
