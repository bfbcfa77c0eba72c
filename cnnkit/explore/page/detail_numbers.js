/*
 * How a number of a layer comes about: from which numbers, with which weights, in which steps.
 *
 * `planOf(layers, valuesOf, index, channel)` says it of one map, or of one unit of a vector:
 *     parts     what is read: {name, layer, channel, places, weigh, …}, one for each channel it sees
 *     within    "sum" or "largest": what is made of the numbers of a part's window
 *     across    "sum", "product" or "largest": what is made of the parts
 *     steps     what comes after: {name, run(x, row, column), say(row, column)}
 * `numberAt(plan, row, column)` says it of one number, with all that is in its window. An activation and
 * a normalisation are steps of the convolution before them. `null` says that it is not known.
 */

import { COMPUTE } from "./engine.js";
import { maximaOf, mixOf, ONE_TAP } from "./engine_maps.js";
import { isByItself, stepsOf } from "./detail_steps.js";
import { hasMaps, indexOf } from "./maps.js";
import { partName, shortName, upTo } from "./numbers.js";

export const LINE = 16; // numbers of a vector that stand side by side
const here = (row, column) => [[row, column]];

/** All places of a window of `columns`, in the order of a kernel's numbers. */
const windowOf = ({ strides, borders, dilation_rate: dilation = [1, 1] }, [rows, columns]) => {
  return (row, column) =>
    upTo(rows * columns).map((tap) => [
      row * strides[0] - borders[0][0] + Math.floor(tap / columns) * dilation[0],
      column * strides[1] - borders[1][0] + (tap % columns) * dilation[1],
    ]);
};

const everyPlace = ([rows, columns]) => {
  const all = upTo(rows * columns).map((i) => [Math.floor(i / columns), i % columns]);
  return () => all;
};

/**
 * What is read of one channel of an input. `places(row, column)` are those of the window of a place,
 * shown in lines of `columns`. Their weights are a `kernel`, the same everywhere, or what
 * `weigh(found, row, column)` makes of the numbers found; with neither they are taken as they are.
 */
function partOf(input, channel, more = {}) {
  const { layer, values } = input;
  const shape = hasMaps(layer) ? layer.shape : [1, layer.size, 1];
  const name = hasMaps(layer) ? partName(layer, channel) : shortName(layer);
  return { name, layer: layer.index, channel, values, shape, columns: 1, places: here, ...more };
}

const summed = (parts, more = {}) => ({ parts, within: "sum", across: "sum", steps: [], ...more });

// Convolutions and dense layers

const kernelAt = ({ shape, values }, c, o) => {
  const [rows, columns, channels, filters] = shape;
  return upTo(rows * columns).map((tap) => values[(tap * channels + c) * filters + o]);
};

function convPlan({ weights, settings }, [input], o) {
  const [rows, columns, channels, filters] = weights.kernel.shape;
  const first = Math.floor(o / (filters / settings.groups)) * channels;
  const places = windowOf(settings, [rows, columns]);
  const parts = upTo(channels).map((c) =>
    partOf(input, first + c, { places, columns, kernel: kernelAt(weights.kernel, c, o) }),
  );
  return summed(parts);
}

/** Each channel has kernels of its own; what they give is weighed once more, by a `factor`. */
function separablePlan({ weights: { depthwise, pointwise }, settings }, inputs, o) {
  const [, , n, filters] = pointwise.shape;
  const parts = upTo(n).map((d) => {
    const [part] = convPlan({ weights: { kernel: depthwise }, settings }, inputs, d).parts;
    return { ...part, factor: pointwise.values[d * filters + o] };
  });
  return summed(parts);
}

/** Of flattened maps each map is a part, so that one sees where in the maps the weights lie. */
function densePlan(layer, [input], o, layers) {
  const { values, shape } = layer.weights.kernel;
  if (layer.shape.length === 2) return null;
  if (hasMaps(layer)) {
    const kernel = { values, shape: [1, 1, ...shape] };
    return convPlan({ weights: { kernel }, settings: ONE_TAP }, [input], o);
  }
  const maps = flattenedMaps(input.layer, layers);
  const [rows, columns, channels] = maps?.shape ?? [1, shape[0], 1];
  const places = everyPlace([rows, columns]);
  const parts = upTo(channels).map((c) => {
    const kernel = kernelAt({ values, shape: [rows, columns, channels, shape[1]] }, c, o);
    const more = { places, columns: maps ? columns : LINE, kernel };
    return partOf({ ...input, layer: maps ?? input.layer }, c, more);
  });
  return summed(parts);
}

/** The maps that a vector was before it was flattened, or null. */
function flattenedMaps(layer, layers) {
  let found = layer;
  while (found.kind === "Identity") found = layers[found.inputs[0]];
  const before = layers[found.inputs[0]];
  return found.kind === "Flatten" && hasMaps(before) ? before : null;
}

// Pooling and sizes

const shares = (values) => {
  const n = values.filter((x) => x !== null).length;
  return values.map(() => 1 / n);
};

function sharesOfThemselves(values) {
  const positive = values.map((x) => Math.max(x, 0));
  const sum = positive.reduce((a, b) => a + b);
  return positive.map((x) => (sum > 0 ? x / sum : 0));
}

const poolPlan =
  (within, weigh) =>
  (layer, [input], o) => {
    const { pool_size: size } = layer.settings;
    const [rows, columns] = size ?? input.layer.shape;
    const places = size ? windowOf(layer.settings, size) : everyPlace([rows, columns]);
    return summed([partOf(input, o, { places, columns, weigh })], { within });
  };

/** The window lies on a map of maxima, which is made first. */
function maxBlurPlan(layer, [input], o) {
  const { pool_size: size, line } = layer.settings;
  const maxima = maximaOf(layer, { ...input, shape: input.layer.shape });
  const weigh = (found) => {
    const all = upTo(found.length).map((i) =>
      found[i] === null ? 0 : line[Math.floor(i / line.length)] * line[i % line.length],
    );
    const sum = all.reduce((a, b) => a + b);
    return all.map((x) => x / sum);
  };
  const name = `largest of each ${size.join("×")} in map ${o + 1} of ${input.layer.name}`;
  const places = windowOf(layer.settings, [line.length, line.length]);
  const more = { name, ...maxima, places, columns: line.length, weigh };
  return summed([partOf(input, o, more)]);
}

function upsamplePlan({ settings: { size, interpolation } }, [input], o) {
  const mixes = (place) =>
    place.map((at, axis) => mixOf(at, size[axis], input.layer.shape[axis], interpolation));
  if (interpolation === "nearest") {
    const places = (...place) => [mixes(place).map(([nearest]) => nearest)];
    return summed([partOf(input, o, { places })]);
  }
  const corners = upTo(4).map((i) => [i >> 1, i & 1]);
  const places = (...place) => corners.map((at) => mixes(place).map((mix, axis) => mix[at[axis]]));
  const weigh = (_, ...place) => {
    const [down, across] = mixes(place).map(([, , share]) => share);
    return corners.map(([i, j]) => (i ? down : 1 - down) * (j ? across : 1 - across));
  };
  return summed([partOf(input, o, { places, columns: 2, weigh })]);
}

function padPlan({ settings }, [input], o) {
  const [[top], [left]] = settings.borders;
  return summed([partOf(input, o, { places: (row, column) => here(row - top, column - left) })]);
}

/** The same numbers in another shape. */
function reshapePlan(layer, [input], o) {
  const shape = [1, input.layer.size, 1];
  const places = (row, column) => here(0, indexOf(layer, o, row, column));
  const part = partOf(input, 0, { name: input.layer.name, shape, places });
  return summed([{ ...part, channel: null }]);
}

// Branches

const mergePlan = (across) => (layer, inputs, o) => {
  const parts = inputs.map((input) => {
    const shape = input.layer.shape;
    if (!hasMaps(layer)) return partOf(input, 0, { places: () => here(0, shape[0] === 1 ? 0 : o) });
    const places = (row, column) => here(shape[0] === 1 ? 0 : row, shape[1] === 1 ? 0 : column);
    return partOf(input, shape[2] === 1 ? 0 : o, { places });
  });
  return summed(parts, { across });
};

function concatenatePlan(layer, inputs, o) {
  const { axis } = layer.settings;
  if (layer.shape.length === 2) return null;
  const sought = hasMaps(layer) ? [0, 0, o][axis] : o;
  const starts = inputs.map((_, i) =>
    inputs.slice(0, i).reduce((sum, input) => sum + input.layer.shape[axis], 0),
  );
  const isIn = (i, at) => at >= starts[i] && at < starts[i] + inputs[i].layer.shape[axis];
  if (hasMaps(layer) && axis < 2) {
    const parts = inputs.map((input, i) =>
      partOf(input, o, {
        places: (...place) => {
          if (!isIn(i, place[axis])) return [];
          return [place.map((at, k) => (k === axis ? at - starts[i] : at))];
        },
      }),
    );
    return summed(parts);
  }
  const i = inputs.findIndex((_, at) => isIn(at, sought));
  const own = sought - starts[i];
  if (hasMaps(layer)) return summed([partOf(inputs[i], own)]);
  return summed([partOf(inputs[i], 0, { places: () => here(0, own) })]);
}

function maxoutPlan(layer, [input], o) {
  const pieces = upTo(layer.settings.pieces).map((i) => o * layer.settings.pieces + i);
  const parts = pieces.map((at) =>
    hasMaps(layer) ? partOf(input, at) : partOf(input, 0, { places: () => here(0, at) }),
  );
  return summed(parts, { across: "largest" });
}

const PLANS = {
  Add: mergePlan("sum"),
  AveragePooling2D: poolPlan("sum", shares),
  Concatenate: concatenatePlan,
  Conv2D: convPlan,
  Dense: densePlan,
  DepthwiseConv2D: convPlan,
  Flatten: reshapePlan,
  GlobalAveragePooling2D: poolPlan("sum", shares),
  GlobalMaxPooling2D: poolPlan("largest"),
  MaxBlurPooling2D: maxBlurPlan,
  MaxPooling2D: poolPlan("largest"),
  Maxout: maxoutPlan,
  Multiply: mergePlan("product"),
  Reshape: reshapePlan,
  SeparableConv2D: separablePlan,
  StochasticPooling2D: poolPlan("sum", sharesOfThemselves),
  UpSampling2D: upsamplePlan,
  ZeroPadding2D: padPlan,
};
const WEIGHING = ["Conv2D", "Dense", "DepthwiseConv2D", "SeparableConv2D"];

/** Of a recorded layer there may be rounded numbers only: then they do not add up. */
const isRounded = ({ recorded }) => recorded?.dtype === "uint8";

/** What is read and in which steps it becomes a number of map `channel`, or null. */
export function planOf(layers, valuesOf, index, channel) {
  const layer = layers[index];
  const isKnown = layer.inputs.length > 0 && layer.inputs.every((i) => valuesOf(i));
  const lacksWeights = layer.parameters > 0 && !Object.keys(layer.weights).length;
  if (!isKnown || !(layer.kind in COMPUTE) || lacksWeights || !valuesOf(index)) return null;
  if ([layer, ...layer.inputs.map((i) => layers[i])].some(isRounded)) return null;
  const inputs = layer.inputs.map((i) => ({
    layer: layers[i],
    shape: layers[i].shape,
    values: valuesOf(i),
  }));
  const steps = stepsOf(layer, inputs, channel).map((step) => ({ ...step, layer: index }));
  steps.push(changeStep(layer, valuesOf(index), channel));
  if (!isByItself(layer)) {
    const plan = PLANS[layer.kind](layer, inputs, channel, layers);
    return plan && { ...plan, steps, maker: index };
  }
  const before = planOf(layers, valuesOf, layer.inputs[0], channel);
  if (before && WEIGHING.includes(layers[before.maker].kind)) {
    return { ...before, steps: [...before.steps, ...steps] };
  }
  const places = hasMaps(layer) ? here : () => here(0, channel);
  const part = partOf(inputs[0], hasMaps(layer) ? channel : 0, { places });
  return { ...summed([part]), steps, maker: index };
}

/** What a layer gives may have been changed on this page: then that is a step too. */
function changeStep(layer, values, channel) {
  const noise = 1e-4 * values.reduce((largest, x) => Math.max(largest, Math.abs(x)), 0);
  const run = (x, row, column) => {
    const found = values[indexOf(layer, channel, row, column)];
    return Math.abs(found - x) > noise ? found : x;
  };
  return { name: "changed", layer: layer.index, run, say: () => "by you", isChange: true };
}

const inReach = ([rows, columns], [row, column]) =>
  row >= 0 && row < rows && column >= 0 && column < columns;

/** The window of a part at a place: its numbers (null outside of the map), weights and total. */
function readPart(part, within, row, column) {
  const { shape, values, channel } = part;
  const places = part.places(row, column);
  const found = places.map((place) =>
    inReach(shape, place)
      ? values[(place[0] * shape[1] + place[1]) * shape[2] + (channel ?? 0)]
      : null,
  );
  const weights = part.kernel ?? part.weigh?.(found, row, column);
  const products = found.map((x, i) => (x ?? 0) * (weights?.[i] ?? 1));
  const sum = products.reduce((a, b) => a + b, 0);
  const largest = within === "largest" ? Math.max(...found.filter((x) => x !== null)) : sum;
  return { part, places, found, weights, products, total: largest * (part.factor ?? 1) };
}

const ACROSS = {
  sum: (a, b) => a + b,
  product: (a, b) => a * b,
  largest: (a, b) => Math.max(a, b),
};

/** One number: `{parts, start, steps}`; each step with its value, the last of which is the number. */
export function numberAt(plan, row, column) {
  const parts = plan.parts.map((part) => readPart(part, plan.within, row, column));
  const start = parts.map(({ total }) => total).reduce(ACROSS[plan.across]);
  let value = start;
  const steps = plan.steps.map((step) => {
    const before = value;
    value = step.run(value, row, column);
    return { ...step, before, value };
  });
  return { parts, start, steps, value };
}

/** Every number of a map: lists of what each part, the start and each step give at all places. */
export function numbersOfMap(plan, [rows, columns]) {
  const all = upTo(rows * columns).map((i) => numberAt(plan, Math.floor(i / columns), i % columns));
  return {
    parts: plan.parts.map((_, k) => all.map(({ parts }) => parts[k].total)),
    start: all.map(({ start }) => start),
    steps: plan.steps.map((_, k) => all.map(({ steps }) => steps[k].value)),
  };
}
