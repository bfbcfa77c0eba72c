/*
 * Why one answer and not another, as a sum: the scores of two units of a dense layer differ by what
 * each of its inputs adds, the input times (its weight for the one − its weight for the other), and by
 * their biases. Of a single unit it is the input times its weight.
 *
 * `sumOf(network, layer, units)`, of one unit or two, is `{groups, bias, total}`. A group is a
 * unit of the layer before, or a map that was flattened or pooled:
 *     name, layer, channel      what it is; `place` is [row, column] where a map adds most, or null
 *     inputs                    {x, weights, product, place} of each number that the dense layer reads
 *     total                     the sum of the products
 *     spread                    [{place, value}]: the total, at the places of the map
 *
 * If the inputs are units of an earlier dense layer, with no more than a ReLU, `throughDense` is a dense
 * layer of their inputs that gives the same two scores, for the given picture: `sumOf` says of it what
 * each map adds.
 */

import { hasMaps, indexOf, passedOn, placeOf } from "./maps.js";
import { partName, upTo } from "./numbers.js";

const sumBy = (list, of) => list.reduce((sum, each) => sum + of(each), 0);
const mostOf = (list, of) =>
  list.reduce((most, each) => (Math.abs(of(each)) > Math.abs(of(most)) ? each : most));

/** The number that an input of the dense layer was before it was flattened, joined or left as it is. */
function sourceOf(layers, valuesOf, layer, at) {
  if (hasMaps(layer)) return { layer, at };
  const next = passedOn(layers, layer, at);
  // What was changed on the page differs from what was passed on.
  if (!next || valuesOf(next.layer.index)?.[next.at] !== valuesOf(layer.index)[at]) {
    return { layer, at };
  }
  return sourceOf(layers, valuesOf, next.layer, next.at);
}

/** Of a unit that is the mean or the largest of a map: the map, and each place's part of the number. */
function pooledFrom(layers, valuesOf, layer, unit, x) {
  const isMean = layer.kind === "GlobalAveragePooling2D";
  if (hasMaps(layer) || !(isMean || layer.kind === "GlobalMaxPooling2D")) return null;
  const maps = layers[layer.inputs[0]];
  const [rows, columns] = maps.shape;
  const values = valuesOf(maps.index);
  const all = upTo(rows * columns).map((i) => {
    const place = [Math.floor(i / columns), i % columns];
    return { place, value: values[indexOf(maps, unit, ...place)] };
  });
  const parts = isMean
    ? all.map(({ place, value }) => ({ place, value: value / all.length }))
    : [all.reduce((most, each) => (each.value > most.value ? each : most))];
  const isWhole = Math.abs(sumBy(parts, ({ value }) => value) - x) <= 1e-4 * Math.abs(x);
  return isWhole ? { maps, parts, word: isMean ? "mean" : "largest" } : null;
}

/** The parts of a sum, those that add most first; `units` are of a dense layer, one or two. */
export function sumOf({ layers, snapshot, values: valuesOf }, dense, units) {
  const { kernel, bias } = dense.weights;
  const [nInputs, nUnits] = kernel.shape;
  const input = layers[dense.inputs[0]];
  const values = valuesOf(input.index);
  const differ = ([a, b = 0]) => a - b;
  const groups = new Map();
  for (const i of upTo(nInputs)) {
    const x = values[i];
    const weights = units.map((unit) => kernel.values[i * nUnits + unit]);
    const source = sourceOf(layers, valuesOf, input, i);
    const [channel, row, column] = placeOf(source.layer, source.at);
    const pooled = pooledFrom(layers, valuesOf, source.layer, channel, x);
    const layer = pooled ? pooled.maps : source.layer;
    const key = `${source.layer.index} ${channel}`;
    if (!groups.has(key)) {
      const name = `${pooled ? `${pooled.word} of ` : ""}${partName(layer, channel, snapshot)}`;
      groups.set(key, { name, layer, channel, inputs: [], spread: [] });
    }
    const group = groups.get(key);
    const place = row === null ? null : [row, column];
    const product = x * differ(weights);
    group.inputs.push({ x, weights, product, place });
    const parts = pooled?.parts ?? (place ? [{ place, value: x }] : []);
    group.spread.push(
      ...parts.map((part) => ({ place: part.place, value: part.value * differ(weights) })),
    );
  }
  const all = [...groups.values()].map((group) => ({
    ...group,
    total: sumBy(group.inputs, ({ product }) => product),
    place: group.spread.length ? mostOf(group.spread, ({ value }) => value).place : null,
  }));
  all.sort((a, b) => Math.abs(b.total) - Math.abs(a.total));
  const biases = units.map((unit) => bias?.values[unit] ?? 0);
  const total = sumBy(all, (group) => group.total) + differ(biases);
  return { groups: all, biases, bias: differ(biases), total };
}

const isRelu = ({ name, max_value: max, negative_slope: slope, threshold }) =>
  name === "relu" && (max ?? null) === null && !slope && !threshold;

/**
 * Two dense layers as one, for the numbers that are given: a weight is the sum over all units of (the
 * weight to the unit × the weight from the unit), where units at 0 count nothing. So it holds for
 * these numbers, as long as the same units are 0. `sum` is of the second layer; null if it does not
 * read units of a first one.
 */
export function throughDense({ layers }, dense, units, { groups }) {
  const first = layers[groups[0]?.layer.index];
  const { activation } = first?.settings ?? {};
  const isOne = groups.every(({ layer, inputs }) => layer === first && inputs.length === 1);
  if (first?.kind !== "Dense" || first.shape.length > 1 || !isOne) return null;
  if (activation && !isRelu(activation)) return null;
  const { kernel, bias } = first.weights;
  const [nInputs, nHidden] = kernel.shape;
  const active = groups.filter(({ inputs }) => inputs[0].x !== 0); // others give nothing
  const through = (weightOf) =>
    units.map((_, k) =>
      sumBy(active, (group) => weightOf(group.channel) * group.inputs[0].weights[k]),
    );
  const weights = upTo(nInputs).flatMap((i) => through((u) => kernel.values[i * nHidden + u]));
  const own = units.map((unit) => dense.weights.bias?.values[unit] ?? 0);
  const biases = through((u) => bias?.values[u] ?? 0).map((b, k) => b + own[k]);
  return {
    inputs: first.inputs,
    weights: {
      kernel: { shape: [nInputs, units.length], values: weights },
      bias: { values: biases },
    },
    biases,
    first,
    nActive: active.length,
  };
}

/** What all maps together add at each place, `{layer, values, groupAt(place)}`; null without maps. */
export function mapOfSum(groups) {
  const read = groups.filter(({ spread }) => spread.length);
  const layer = read[0]?.layer;
  if (!layer || read.some((group) => group.layer !== layer)) return null;
  const [rows, columns] = layer.shape;
  const values = new Float32Array(rows * columns);
  const at = ([row, column]) => row * columns + column;
  const most = [];
  for (const group of read) {
    for (const { place, value } of group.spread) {
      const i = at(place);
      values[i] += value;
      if (!most[i] || Math.abs(value) > Math.abs(most[i].value)) most[i] = { group, value };
    }
  }
  return { layer, values, rows, columns, groupAt: (place) => most[at(place)]?.group };
}
