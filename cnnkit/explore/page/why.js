/*
 * "Why 8 and not 3?": what speaks for the selected answer and what for another one, largest first;
 * of a unit of an earlier dense layer, what raises it and what lowers it. Each line leads to the unit
 * or the place of a map that it is about, and from there one goes on in the same way.
 *
 * Keys of the state: `against`, the unit of the answer that is compared with, or null: the one that
 * suggests itself; and `trail`, the way that one has come, a list of [layer, channel, row, column].
 */

import { paint, rangeOf, signedRange } from "./colors.js";
import { numberAt, planOf } from "./detail_numbers.js";
import { ROUNDED, showSome, showValue } from "./detail_views.js";
import { make, makeLink, makePane } from "./elements.js";
import { cutBox, pickPlaces, placesText, seenBy } from "./field.js";
import { answerText, orderOf, partName, shortName, textOf } from "./numbers.js";
import { mapOfSum, sumOf, throughDense } from "./why_numbers.js";

const FEW_GROUPS = 5; // lines that are shown unless one asks for more
const sumOfTotals = (groups) => groups.reduce((sum, { total }) => sum + total, 0);
const isBias = (step) => step.name === "bias" || step.isChange;

/** The dense layer whose sum a unit is, if no more than an activation follows; else null. */
function denseOf(network, { layer: index, channel, edits }) {
  const layer = network.edited()[index];
  if (layer?.shape?.length !== 1 || channel === null || !network.isKnown(index)) return null;
  const plan = planOf(network.edited(), network.values, index, channel);
  const dense = plan && network.edited()[plan.maker];
  if (dense?.kind !== "Dense" || plan.steps.some(({ name }) => /normalise|scale/.test(name))) {
    return null;
  }
  const differs = (step) => step.isChange && step.before !== step.value;
  const isChanged = edits.length > 0 && numberAt(plan, 0, 0).steps.some(differs);
  return { dense, activation: plan.steps.find((step) => !isBias(step))?.name, isChanged };
}

/** The same as seen from the other answer. */
const turned = ({ total, inputs, ...rest }) => ({
  ...rest,
  total: -total,
  inputs: inputs.map(({ weights, product, ...input }) => {
    return { ...input, weights: weights.toReversed(), product: -product };
  }),
});

/** Which layer is framed as what is read, if the lines are of others, whose numbers it hands on. */
function handedOn(layers, dense, groups) {
  const input = layers[dense.inputs[0]];
  if (!["Concatenate", "Flatten", "Identity", "Reshape"].includes(input.kind)) return "";
  const names = [...new Set(groups.map(({ layer }) => shortName(layer)))].join(" and ");
  return ` ${shortName(input)}, framed in green above, hands on the numbers of ${names}.`;
}

/** What the lines say. */
function explainSum([one, other], activation, total) {
  const down = "A line leads down: to the unit, or to the map and its window on the picture.";
  if (other === undefined) return `Each line is an input times its weight. ${down}`;
  const times = textOf(Math.exp(total));
  const share = `So the share of ${one} is e to the power of that, ${times} times that of ${other}. `;
  return (
    `${activation === "softmax" ? share : ""}Each line is an input × (its weight for the answer that it ` +
    `speaks for − its weight for the other). ${down}`
  );
}

/** The units of an answer that are compared: the selected one, and one that is chosen. */
function comparedUnits({ snapshot, values }, { layer, channel, against, picture, input }) {
  if (!snapshot.outputs.includes(layer) || snapshot.layers[layer].size < 2) return [channel];
  const others = orderOf(values(layer)).filter((unit) => unit !== channel);
  const right = input ? null : snapshot.labels?.[picture];
  const suggested = others.includes(right) ? right : others[0];
  return [channel, others.includes(against) ? against : suggested];
}

export function showWhy(element, network, state) {
  state.extend({ against: null, trail: [] });
  const { snapshot } = network;
  const chosen = ({ layer, channel, row, column }) => [layer, channel, row, column];
  const isAt = (place) => String(place) === String(chosen(state.values));

  /** Select what a line is about, and remember the way. */
  function go([layer, channel, row, column], trail = []) {
    state.set({ layer, channel, row, column, trail });
  }

  function follow(group, place = group.place) {
    const { trail } = state.values;
    const at = trail.findIndex(isAt);
    const way = at < 0 ? [chosen(state.values)] : trail.slice(0, at + 1);
    const [row, column] = place ?? [null, null];
    const target = [group.layer.index, group.channel, row, column];
    go(target, [...way, target]);
  }

  function build() {
    const { trail } = state.values;
    const found = denseOf(network, state.values);
    const units = found && comparedUnits(network, state.values);
    element.replaceChildren();
    if (trail.length > 1 && !isAt(trail[0])) element.append(showTrail(trail));
    if (found) element.append(...showSum(found, units));
    element.hidden = !element.childElementCount;
  }

  function showTrail(trail) {
    const way = make("p", "trail", "Your way: ");
    trail.forEach(([index, channel, row, column], i) => {
      const layer = snapshot.layers[index];
      if (!layer?.shape) return; // of a view that was sent
      const place = row === null ? "" : `, row ${row + 1}, column ${column + 1}`;
      const name = `${partName(layer, channel, snapshot)}${place}`;
      if (i) way.append(" → ");
      way.append(isAt(trail[i]) ? make("b", "", name) : makeLink(name, () => go(trail[i], trail)));
    });
    return way;
  }

  function showSum({ dense, activation, isChanged }, units) {
    const edited = { ...network, layers: network.edited() };
    const sum = sumOf(edited, dense, units);
    const layer = snapshot.layers[state.values.layer];
    const names = units.map((unit) => answerText(snapshot, layer, unit));
    const isPair = units.length > 1;
    const own = `What ${partName(layer, units[0], snapshot)} is made of`;
    const title = make("h2", "title", isPair ? `Why ${names[0]} and not ` : own);
    if (isPair) title.append(showChoice(units));
    const words = isPair
      ? [names, names.toReversed()].map(([name, than]) => `Speaks for ${name} rather than ${than}`)
      : ["What raises it", "What lowers it"];
    const [up, down] = splitSides(sum.groups);
    const lines = [[`${words[0]}, together`, sumOfTotals(up)]];
    lines.push([`${words[1]}, together${isPair ? ", taken off" : ""}`, sumOfTotals(down)]);
    const biases = sum.biases.map(textOf).join(" − ").replace("− −", "+ ");
    lines.push([isPair ? `the biases, ${biases}` : "the bias", sum.bias]);
    const list = make("ol", "steps");
    lines.push([
      isPair ? `the score of ${names[0]} minus that of ${names[1]}` : "in all",
      sum.total,
    ]);
    for (const [text, value] of lines) {
      const line = make("li", "", `${text}: `);
      line.append(showValue(value));
      list.append(line);
    }
    const changed = isChanged ? " before your change" : "";
    const score = activation ? ` before the ${activation}` : changed;
    const result = make("p", "result-line");
    result.append(
      isPair
        ? `The score of ${names[0]}${score}, minus that of ${names[1]}, is `
        : `The unit${score} is `,
    );
    result.append(showValue(sum.total), `. ${explainSum(names, activation, sum.total)}`);
    result.append(handedOn(edited.layers, dense, sum.groups));
    const [sides, where] = [showSides(sum.groups, words, isPair), showWhere(sum.groups, words)];
    const maps = showThrough(edited, throughDense(edited, dense, units, sum), words);
    return [title, result, sides, list, where, ...maps, make("p", "hint", ROUNDED)];
  }

  const splitSides = (groups) =>
    [1, -1].map((sign) => groups.filter(({ total }) => sign * total > 0));

  /** What speaks for the one and for the other; of a single unit what raises and what lowers it. */
  function showSides(groups, words, isPair) {
    const [up, down] = splitSides(groups);
    const sides = make("div", "sides");
    sides.append(showSide(words[0], up, "up"));
    sides.append(showSide(words[1], isPair ? down.map(turned) : down, "down"));
    return sides;
  }

  /** The same by the maps that the units of an earlier dense layer read. */
  function showThrough(edited, merged, words) {
    if (!merged) return [];
    const isPair = merged.biases.length > 1;
    const sum = sumOf(edited, merged, [...merged.biases.keys()]);
    const layer = mapOfSum(sum.groups)?.layer;
    if (!layer) return [];
    const { first, nActive } = merged;
    const about = make("p", "");
    about.append(
      `The same, by the maps of ${shortName(layer)}: a number of theirs counts by all its ways through ` +
        `${shortName(first)}, whose ${nActive} of ${first.size} units that are not 0 pass it on. The weights are ` +
        `added up over these ways. With the biases, `,
      showValue(sum.bias),
      ", it is again ",
      showValue(sum.total),
      ".",
    );
    const title = make("h3", "", `Which maps, through ${shortName(first)}`);
    return [title, about, showSides(sum.groups, words, isPair), showWhere(sum.groups, words)];
  }

  function showChoice([one, other]) {
    const layer = snapshot.layers[state.values.layer];
    const choice = make("select", "");
    choice.setAttribute("aria-label", "Answer to compare with");
    for (let unit = 0; unit < layer.size; unit++) {
      if (unit === one) continue;
      choice.append(new Option(answerText(snapshot, layer, unit), unit, false, unit === other));
    }
    choice.addEventListener("change", () => state.set({ against: Number(choice.value) }));
    return choice;
  }

  function showSide(name, groups, className) {
    const side = make("section", className);
    const head = make("h3", "", `${name}: `);
    head.append(showValue(sumOfTotals(groups)));
    side.append(head, ...showSome(make("ol", "largest"), groups, FEW_GROUPS, showGroup));
    return side;
  }

  /** A line: the input, the weights and what they give; of a map that, and where it is most. */
  function showGroup(group) {
    const line = make("li", "");
    const { inputs, place, name, total } = group;
    const most = inputs.reduce((a, b) => (Math.abs(b.product) > Math.abs(a.product) ? b : a));
    line.append(
      makeLink(name, () => follow(group)),
      ": ",
    );
    if (inputs.length > 1) {
      const where = `; most in row ${place[0] + 1}, column ${place[1] + 1}: `;
      line.append(showValue(total), where);
    }
    line.append(showValue(most.x), " × ", ...weightsOf(most), " = ", showValue(most.product));
    return line;
  }

  function weightsOf({ weights: [one, other] }) {
    if (other === undefined) return [showValue(one)];
    const second = other < 0 ? ["(", showValue(other), ")"] : [showValue(other)];
    return ["(", showValue(one), " − ", ...second, ")"];
  }

  /** All maps together as a picture of where; a click leads to the map that adds most there. */
  function showWhere(groups, words) {
    const all = mapOfSum(groups);
    if (!all) return "";
    const { rows, columns, values, layer } = all;
    const figure = make("figure", "where");
    const [pane, canvas] = makePane();
    const map = { values, start: 0, step: 1, rows, columns };
    paint(canvas, map, signedRange(rangeOf(map)));
    pane.style.aspectRatio = `${columns} / ${rows}`;
    const lead = (row, column) => {
      const group = all.groupAt([row, column]);
      if (group) follow(group, [row, column]);
    };
    pickPlaces(pane, [rows, columns], () => null, lead);
    const at = orderOf(values)[0];
    const place = [Math.floor(at / columns), at % columns];
    const seen =
      layer.field && cutBox(seenBy(layer.field, ...place), snapshot.images.shape.slice(1));
    const caption = make("figcaption", "", `Where: all maps of ${shortName(layer)} together. `);
    caption.append(`Red is “${words[0]}”, blue “${words[1]}”. Reddest is `);
    caption.append(makeLink(`row ${place[0] + 1}, column ${place[1] + 1}`, () => lead(...place)));
    caption.append(": ", showValue(values[at]));
    caption.append(seen ? `; it sees ${placesText(seen)} of the picture.` : ".");
    caption.append(" A click on a place leads to the map that adds most there.");
    figure.append(pane, caption);
    return figure;
  }

  /** The way ends where one leaves it, and with another picture. */
  state.subscribe(["layer", "channel", "row", "column"], () => {
    if (!state.values.trail.some(isAt)) state.set({ trail: [] });
  });
  state.subscribe(["picture", "input"], (_, changed) => {
    if (!changed.includes("trail")) state.set({ trail: [] });
  });
  network.watch(["layer", "channel", "row", "column", "against", "trail"], build);
}

/** A button beside the answer that asks why it is the first, and not the right or the second one. */
export function showAsk(button, element, network, state) {
  const { snapshot } = network;
  const [layer] = snapshot.outputs;
  const unit = () => network.values(layer).indexOf(Math.max(...network.values(layer)));

  function show() {
    const isKnown = snapshot.outputs.length === 1 && network.isKnown(layer);
    const found = isKnown && denseOf(network, { layer, channel: unit(), edits: [] });
    const units = found
      ? comparedUnits(network, { ...state.values, layer, channel: unit(), against: null })
      : [];
    button.hidden = units.length < 2;
    if (button.hidden) return;
    const [one, other] = units.map((each) => answerText(snapshot, snapshot.layers[layer], each));
    button.textContent = `Why ${one} and not ${other}?`;
  }

  button.addEventListener("click", () => {
    const nothing = { row: null, column: null, against: null, trail: [] };
    state.set({ layer, channel: unit(), ...nothing });
    element.scrollIntoView({ block: "nearest" });
  });
  network.watch([], show);
}
