/*
 * The engine: runs a network on one picture, as Keras does at inference.
 *
 * `forward(layers, picture, after)` returns a list with the numbers of each layer, float32, in the
 * order of Keras: rows, columns, channels. Sums are added up in double precision. `layers` are
 * those of a snapshot that `readSnapshot` has decoded, in the order of computation; all kinds are
 * known here. `after(layer, values)`, where it is given, may return changed values: so a map is
 * switched off.
 *
 * What a kind of layer computes is a function `(layer, inputs) => values`, of which `inputs` are
 * `{values, shape}`. Sizes of borders come with the settings: there is no "same" here.
 */

import {
  averagePool,
  conv2d,
  depthwiseThenPointwise,
  globalAverage,
  globalMax,
  maxBlurPool,
  maxPool,
  stochasticPool,
  upsample,
  zeroPad,
} from "./engine_maps.js";
import {
  activate,
  activation,
  add,
  affine,
  batchNormalization,
  concatenate,
  dense,
  groupNormalization,
  maxout,
  multiply,
  normalization,
  prelu,
} from "./engine_values.js";

const unchanged = (layer, [input]) => Float32Array.from(input.values);

/** What each kind of layer computes, before its activation. */
export const COMPUTE = {
  Activation: activation,
  Add: add,
  AveragePooling2D: averagePool,
  BatchNormalization: batchNormalization,
  Concatenate: concatenate,
  Conv2D: conv2d,
  Dense: dense,
  DepthwiseConv2D: conv2d,
  Flatten: unchanged,
  GlobalAveragePooling2D: globalAverage,
  GlobalMaxPooling2D: globalMax,
  GroupNormalization: groupNormalization,
  Identity: unchanged,
  MaxBlurPooling2D: maxBlurPool,
  MaxPooling2D: maxPool,
  Maxout: maxout,
  Multiply: multiply,
  Normalization: normalization,
  PReLU: prelu,
  Rescaling: affine,
  Reshape: unchanged,
  SeparableConv2D: depthwiseThenPointwise,
  StochasticPooling2D: stochasticPool,
  UpSampling2D: upsample,
  ZeroPadding2D: zeroPad,
};

/** What a layer adds up, before its activation, as a new array. */
export function preactivation(layer, inputs) {
  return COMPUTE[layer.kind](layer, inputs);
}

/** What a layer gives for these inputs, as a new array. */
export function computeLayer(layer, inputs) {
  const values = preactivation(layer, inputs);
  const channels = layer.shape.at(-1);
  return layer.settings.activation ? activate(layer.settings.activation, values, channels) : values;
}

/** What a layer is given, from the numbers of all layers. */
export function inputsOf(layer, layers, values) {
  return layer.inputs.map((i) => ({ values: values[i], shape: layers[i].shape }));
}

/** The numbers of all layers for one picture. */
export function forward(layers, picture, after = null) {
  const values = [];
  for (const layer of layers) {
    const inputs = inputsOf(layer, layers, values);
    const found = layer.kind === "InputLayer" ? picture : computeLayer(layer, inputs);
    values.push(after ? after(layer, found) : found);
  }
  return values;
}
