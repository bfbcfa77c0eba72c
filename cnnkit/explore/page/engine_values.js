/*
 * The engine's layers that treat each place by itself: dense layers, normalisation, activations,
 * and those in which branches meet. Each is a function `(layer, inputs) => values`, as engine.js
 * says.
 */

import { sizeOf } from "./snapshot.js";

/** The error function, to 1.2e-7 (Numerical Recipes' rational Chebyshev approximation of erfc). */
function erf(x) {
  const t = 1 / (1 + Math.abs(x) / 2);
  const series = [
    -1.26551223, 1.00002368, 0.37409196, 0.09678418, -0.18628806, 0.27886807, -1.13520398,
    1.48851587, -0.82215223, 0.17087277,
  ];
  const sum = series.reduceRight((total, coefficient) => total * t + coefficient, 0);
  const rest = t * Math.exp(sum - x * x);
  return x >= 0 ? 1 - rest : rest - 1;
}

const sigmoid = (x) => 1 / (1 + Math.exp(-x));
const softplus = (x) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
const hardSigmoid = (x) => Math.min(Math.max(x / 6 + 0.5, 0), 1);
const SELU = [1.0507009873554805, 1.6732632423543772];

/** Activations of one number. */
const OF_ONE = {
  elu: (x, { alpha }) => (x > 0 ? x : alpha * Math.expm1(x)),
  exponential: Math.exp,
  gelu: (x) => (x / 2) * (1 + erf(x / Math.SQRT2)),
  hard_sigmoid: hardSigmoid,
  hard_silu: (x) => x * hardSigmoid(x),
  leaky_relu: (x, { negative_slope: slope }) => (x > 0 ? x : slope * x),
  linear: (x) => x,
  mish: (x) => x * Math.tanh(softplus(x)),
  relu: (x, { max_value: max, negative_slope: slope, threshold }) =>
    x >= (max ?? Infinity) ? max : x >= threshold ? x : slope * (x - threshold),
  relu6: (x) => Math.min(Math.max(x, 0), 6),
  selu: (x) => SELU[0] * (x > 0 ? x : SELU[1] * Math.expm1(x)),
  sigmoid,
  silu: (x) => x * sigmoid(x),
  softplus,
  softsign: (x) => x / (1 + Math.abs(x)),
  tanh: Math.tanh,
};

/** Softmax, or its logarithm, over the channels of each place. */
function softmax(values, channels, asLogarithm) {
  const result = new Float32Array(values.length);
  for (let start = 0; start < values.length; start += channels) {
    const place = values.subarray(start, start + channels);
    const max = place.reduce((a, b) => Math.max(a, b));
    const sum = place.reduce((total, x) => total + Math.exp(x - max), 0);
    for (let c = 0; c < channels; c++) {
      const logarithm = place[c] - max - Math.log(sum);
      result[start + c] = asLogarithm ? logarithm : Math.exp(logarithm);
    }
  }
  return result;
}

/** Apply an activation, `{name, …}`, to all values; `channels` is how many a place has. */
export function activate(settings, values, channels) {
  const { name } = settings;
  if (name.endsWith("softmax")) return softmax(values, channels, name === "log_softmax");
  return values.map((x) => OF_ONE[name](x, settings));
}

export function activation(layer, [input]) {
  return activate(layer.settings.function, input.values, layer.shape.at(-1));
}

export function prelu(layer, [input]) {
  const slopes = layer.weights.alpha.values;
  return input.values.map((x, i) => (x > 0 ? x : slopes[i % slopes.length] * x));
}

/** Each value times a scale, plus an offset: one for all, one a channel, or one a value. */
export function affine(layer, [input]) {
  const scale = layer.weights.scale.values;
  const offset = layer.weights.offset.values;
  return input.values.map((x, i) => x * scale[i % scale.length] + offset[i % offset.length]);
}

export function normalization(layer, [input]) {
  const mean = layer.weights.mean.values;
  const deviation = layer.weights.deviation.values;
  return input.values.map((x, i) => (x - mean[i % mean.length]) / deviation[i % deviation.length]);
}

export function batchNormalization(layer, [input]) {
  const { mean, variance, gamma, beta } = layer.weights;
  const { epsilon } = layer.settings;
  const channels = layer.shape.at(-1);
  return input.values.map((x, i) => {
    const c = i % channels;
    const normal = (x - mean.values[c]) / Math.sqrt(variance.values[c] + epsilon);
    return normal * (gamma?.values[c] ?? 1) + (beta?.values[c] ?? 0);
  });
}

/** Mean and variance over all places and the channels of each group. */
export function groupNormalization(layer, [input]) {
  const { gamma, beta } = layer.weights;
  const { groups, epsilon } = layer.settings;
  const channels = layer.shape.at(-1);
  const share = channels / groups;
  const count = input.values.length / groups;
  const means = new Float64Array(groups);
  const variances = new Float64Array(groups);
  const groupOf = (i) => Math.floor((i % channels) / share);
  input.values.forEach((x, i) => (means[groupOf(i)] += x / count));
  input.values.forEach((x, i) => (variances[groupOf(i)] += (x - means[groupOf(i)]) ** 2 / count));
  return input.values.map((x, i) => {
    const normal = (x - means[groupOf(i)]) / Math.sqrt(variances[groupOf(i)] + epsilon);
    return normal * (gamma?.values[i % channels] ?? 1) + (beta?.values[i % channels] ?? 0);
  });
}

export function dense(layer, [input]) {
  const { kernel, bias } = layer.weights;
  const [nInputs, nUnits] = kernel.shape;
  const values = new Float32Array(layer.size);
  const sums = new Float64Array(nUnits);
  for (let place = 0; place * nInputs < input.values.length; place++) {
    if (bias) sums.set(bias.values);
    else sums.fill(0);
    for (let i = 0; i < nInputs; i++) {
      const x = input.values[place * nInputs + i];
      if (x === 0) continue;
      for (let o = 0; o < nUnits; o++) sums[o] += x * kernel.values[i * nUnits + o];
    }
    values.set(sums, place * nUnits);
  }
  return values;
}

/** The largest of each group of neighbouring channels. */
export function maxout(layer, [input]) {
  const { pieces } = layer.settings;
  return new Float32Array(layer.size).map((_, i) =>
    input.values.subarray(i * pieces, (i + 1) * pieces).reduce((a, b) => Math.max(a, b)),
  );
}

/** For each value of a shape its place in an input that is repeated where it has the length 1. */
function broadcast(shape, inputShape) {
  const places = new Int32Array(sizeOf(shape));
  for (let i = 0; i < places.length; i++) {
    let rest = i;
    let step = 1;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      if (inputShape[axis] !== 1) places[i] += (rest % shape[axis]) * step;
      rest = Math.floor(rest / shape[axis]);
      step *= inputShape[axis];
    }
  }
  return places;
}

/** Combine the values at the same place of all inputs. */
function merge(layer, inputs, combine) {
  const values = new Float32Array(layer.size);
  inputs.forEach((input, at) => {
    const places =
      input.values.length === values.length ? null : broadcast(layer.shape, input.shape);
    for (let i = 0; i < values.length; i++) {
      const x = input.values[places ? places[i] : i];
      values[i] = at ? combine(values[i], x) : x;
    }
  });
  return values;
}

export function add(layer, inputs) {
  return merge(layer, inputs, (a, b) => a + b);
}

export function multiply(layer, inputs) {
  return merge(layer, inputs, (a, b) => a * b);
}

export function concatenate(layer, inputs) {
  const { axis } = layer.settings;
  const values = new Float32Array(layer.size);
  const whole = sizeOf(layer.shape.slice(axis));
  let start = 0;
  for (const input of inputs) {
    const part = sizeOf(input.shape.slice(axis));
    for (let from = 0, to = start; from < input.values.length; from += part, to += whole) {
      values.set(input.values.subarray(from, from + part), to);
    }
    start += part;
  }
  return values;
}
