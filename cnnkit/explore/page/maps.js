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
