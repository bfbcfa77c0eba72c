/*
 * The maps of a layer: which numbers of its array belong to one map, to one unit, to one place.
 *
 * Numbers lie as in Keras: rows, columns, channels. A vector is one map, laid out in rows of `WIDTH`
 * units; of an array of two axes, as tokens, each place of the first is a row.
 */

const WIDTH = 16;

/** Whether a layer gives maps, of rows and columns. */
export function hasMaps(layer) {
  return layer.shape?.length === 3;
}

/** Whether a layer is one tile of the overview: a vector, and the picture with all its channels. */
export function isOneTile(layer) {
  return layer.type === "InputLayer" || !hasMaps(layer);
}

/** How many maps a layer has to show. Of recorded layers these may be the first ones only. */
export function countMaps(layer) {
  if (!layer.shape) return 0;
  if (!hasMaps(layer)) return 1;
  return layer.recorded?.channels ?? layer.shape[2];
}

/** Map `channel` of a layer, as `paint` takes it. */
export function mapOf(layer, values, channel) {
  if (hasMaps(layer)) {
    const [rows, columns] = layer.shape;
    return { values, start: channel, step: countMaps(layer), rows, columns };
  }
  const channels = layer.recorded?.channels ?? layer.shape.at(-1);
  const columns = layer.shape.length === 2 ? channels : Math.min(values.length, WIDTH);
  return { values, start: 0, step: 1, rows: Math.ceil(values.length / columns), columns };
}

/** Where the number of a place lies in a layer's values; of a vector, `channel` is the unit. */
export function indexOf(layer, channel, row, column) {
  if (!hasMaps(layer)) return channel;
  return (row * layer.shape[1] + column) * countMaps(layer) + channel;
}

/** The place of a number in a layer's values as `[channel, row, column]`; of a vector `[unit]`. */
export function placeOf(layer, at) {
  if (!hasMaps(layer)) return [at, null, null];
  const [place, channels] = [Math.floor(at / countMaps(layer)), countMaps(layer)];
  return [at % channels, Math.floor(place / layer.shape[1]), place % layer.shape[1]];
}

/**
 * The number that a layer only passes on, as `{layer, at}`: where it lies in the values of an earlier
 * layer. Null if the layer computes a new one.
 */
export function passedOn(layers, layer, at) {
  const isJoined = layer.kind === "Concatenate" && layer.shape.length === 1;
  if (!isJoined && !["Flatten", "Identity", "Reshape"].includes(layer.kind)) return null;
  for (const input of layer.inputs.map((index) => layers[index])) {
    if (at < input.size) return { layer: input, at };
    at -= input.size;
  }
}

const ONE_BY_ONE = ["Activation", "BatchNormalization", "Normalization", "PReLU", "Rescaling"];
const isSoftmax = ({ settings }) => settings?.function?.name.endsWith("softmax");

/**
 * The receptive field of one number, `{field, row, column}`, as Python counted it. A unit that is a
 * place of flattened maps sees what that place sees, though its layer as a whole sees more.
 */
export function fieldAt(layers, layer, unit, row, column) {
  if (hasMaps(layer)) return { field: layer.field, row, column };
  const isOne = ONE_BY_ONE.includes(layer.kind) && !isSoftmax(layer);
  const read = isOne ? { layer: layers[layer.inputs[0]], at: unit } : passedOn(layers, layer, unit);
  if (!read) return { field: layer.field, row, column };
  return fieldAt(layers, read.layer, ...placeOf(read.layer, read.at));
}
