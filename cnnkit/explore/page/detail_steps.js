/*
 * The steps that change a number by itself, after all is summed: bias, normalisation, activation.
 *
 * `stepsOf(layer, inputs, channel)` is a list of `{name, run(x, row, column), say(row, column)}`:
 * a step makes a new number of `x`, and says with which numbers it does so.
 */

import { preactivation } from "./engine.js";
import { activate } from "./engine_values.js";
import { hasMaps, indexOf } from "./maps.js";
import { textOf } from "./numbers.js";

/** What the usual activations do, in words. */
const SAID = {
  relu: "what is below 0 becomes 0",
  sigmoid: "1 / (1 + e⁻ᶻ): between 0 and 1",
  tanh: "between −1 and 1",
  leaky_relu: "what is below 0 is made smaller",
  elu: "below 0 it bends towards a limit",
  silu: "z times sigmoid(z)",
  gelu: "z times the share of a bell curve below z",
  softmax: "e to the z, divided by the sum over all",
  linear: "unchanged",
};

function saidOf({ name, max_value: max, negative_slope: slope, threshold }) {
  if (name !== "relu" || (max === null && !slope && !threshold)) return SAID[name] ?? "";
  return `${slope ? `below ${threshold} times ${textOf(slope)}` : `below ${threshold} it is 0`}${
    max === null ? "" : `, never above ${max}`
  }`;
}

/** Softmax needs what all channels have at the place: `sums`, before it. */
function activationStep(settings, layer, channel, sums) {
  const step = { name: settings.name, say: () => saidOf(settings) };
  if (!settings.name.endsWith("softmax")) {
    return { ...step, run: (x) => activate(settings, Float32Array.of(x), 1)[0] };
  }
  const n = layer.shape.at(-1);
  const startOf = (row, column) => {
    const at = indexOf(layer, channel, row, column);
    return at - (at % n);
  };
  const unit = channel % n;
  const before = (row, column) => sums.slice(startOf(row, column), startOf(row, column) + n);
  const run = (x, row, column) => activate(settings, before(row, column), n)[unit];
  return { ...step, run, all: before, unit };
}

function affineSteps({ weights: { scale, offset } }, [, at]) {
  const of = ({ values }, row, column) => values[at(row, column) % values.length];
  return [
    {
      name: "scale and shift",
      run: (x, ...place) => x * of(scale, ...place) + of(offset, ...place),
      say: (...place) => `× ${textOf(of(scale, ...place))} + ${textOf(of(offset, ...place))}`,
    },
  ];
}

const normalized = (mean, deviation) => ({
  name: "normalise",
  run: (x, ...place) => (x - mean(...place)) / deviation(...place),
  say: (...place) =>
    `minus the mean μ = ${textOf(mean(...place))}, divided by the deviation σ = ${textOf(deviation(...place))}`,
});

function gammaAndBeta({ gamma, beta }, c) {
  if (!gamma && !beta) return [];
  const [scale, shift] = [gamma?.values[c] ?? 1, beta?.values[c] ?? 0];
  const say = () => `γ = ${textOf(scale)} times it, plus β = ${textOf(shift)}`;
  return [{ name: "scale and shift", run: (x) => x * scale + shift, say }];
}

/** The steps of a channel that has one mean and variance, as in `BatchNormalization`. */
function standardized(mean, variance, { weights, settings }, c) {
  const deviation = Math.sqrt(variance + settings.epsilon);
  const step = normalized(
    () => mean,
    () => deviation,
  );
  return [step, ...gammaAndBeta(weights, c)];
}

const batchSteps = (layer, [c]) =>
  standardized(layer.weights.mean.values[c], layer.weights.variance.values[c], layer, c);

/** Mean and deviation are those of all numbers in the channels of a group. */
function groupSteps(layer, [c], { values }) {
  const channels = layer.shape.at(-1);
  const group = (i) => Math.floor(((i % channels) * layer.settings.groups) / channels);
  const own = values.filter((_, i) => group(i) === group(c));
  const mean = own.reduce((sum, x) => sum + x / own.length, 0);
  const variance = own.reduce((sum, x) => sum + (x - mean) ** 2 / own.length, 0);
  return standardized(mean, variance, layer, c);
}

function normalizationSteps({ weights: { mean, deviation } }, [, at]) {
  const of =
    ({ values }) =>
    (...place) =>
      values[at(...place) % values.length];
  return [normalized(of(mean), of(deviation))];
}

function preluSteps({ weights: { alpha } }, [, at]) {
  const slope = (...place) => alpha.values[at(...place) % alpha.values.length];
  return [
    {
      name: "prelu",
      run: (x, ...place) => (x > 0 ? x : slope(...place) * x),
      say: (...place) => `what is below 0, times ${textOf(slope(...place))}`,
    },
  ];
}

/** Layers that treat each number by itself. */
const BY_ITSELF = {
  Activation: (layer, [, , channel], input) => [
    activationStep(layer.settings.function, layer, channel, input.values),
  ],
  BatchNormalization: batchSteps,
  GroupNormalization: groupSteps,
  Identity: () => [],
  Normalization: normalizationSteps,
  PReLU: preluSteps,
  Rescaling: affineSteps,
};

export const isByItself = (layer) => layer.kind in BY_ITSELF;

export function stepsOf(layer, inputs, channel) {
  const c = hasMaps(layer) ? channel : channel % layer.shape.at(-1);
  const at = (row, column) => indexOf(layer, channel, row, column);
  if (isByItself(layer)) return BY_ITSELF[layer.kind](layer, [c, at, channel], inputs[0]);
  const { bias } = layer.weights;
  const steps = [];
  if (bias) {
    const b = bias.values[c];
    steps.push({ name: "bias", run: (x) => x + b, say: () => `plus b = ${textOf(b)}` });
  }
  if (layer.settings.activation) {
    const isShared = layer.settings.activation.name.endsWith("softmax");
    const sums = isShared ? preactivation(layer, inputs) : null;
    steps.push(activationStep(layer.settings.activation, layer, channel, sums));
  }
  return steps;
}
