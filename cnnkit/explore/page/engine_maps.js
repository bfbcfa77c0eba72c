/*
 * The engine's layers that slide a window over maps, or make maps larger.
 *
 * Each is a function `(layer, inputs) => values`, as engine.js says. Settings have Keras's names;
 * `borders` is `[[top, bottom], [left, right]]`, counted by Python. What lies on a border is 0 for a
 * convolution, and does not count for a pooling.
 */

/** The first and the one after the last tap of a window at `start` that lie in 0 … size - 1. */
function inside(start, taps, dilation, size) {
  const first = start < 0 ? Math.ceil(-start / dilation) : 0;
  return [first, Math.min(taps, Math.ceil((size - start) / dilation))];
}

/**
 * The window of every place of a layer's output, one after the other: `visit(place, taps)`, where
 * `taps` are pairs of a place in the input and of a place in the window, `[from, tap, …]`.
 */
function slide(input, size, strides, borders, outputSize, visit, dilation = [1, 1]) {
  const [height, width] = input.shape;
  const [rows, columns] = outputSize;
  for (let i = 0, place = 0; i < rows; i++) {
    const top = i * strides[0] - borders[0][0];
    const [firstRow, endRow] = inside(top, size[0], dilation[0], height);
    for (let j = 0; j < columns; j++, place++) {
      const left = j * strides[1] - borders[1][0];
      const [firstColumn, endColumn] = inside(left, size[1], dilation[1], width);
      const taps = [];
      for (let u = firstRow; u < endRow; u++) {
        const row = (top + u * dilation[0]) * width + left;
        for (let v = firstColumn; v < endColumn; v++) {
          taps.push(row + v * dilation[1], u * size[1] + v);
        }
      }
      visit(place, taps);
    }
  }
}

/** Add to `sums` what one place of the input gives through one tap of the kernel. */
function addProducts(sums, input, start, nInputs, kernel, at, nOutputs) {
  for (let c = 0; c < nInputs; c++) {
    const x = input[start + c];
    if (x === 0) continue;
    const row = at + c * nOutputs;
    for (let o = 0; o < nOutputs; o++) sums[o] += x * kernel[row + o];
  }
}

/** As `addProducts`, of channels in groups: each output sees the channels of its own group. */
function addGrouped(sums, input, start, nInputs, kernel, at, nOutputs, groups) {
  const share = nOutputs / groups;
  for (let o = 0; o < nOutputs; o++) {
    const first = start + Math.floor(o / share) * nInputs;
    for (let c = 0; c < nInputs; c++) sums[o] += input[first + c] * kernel[at + c * nOutputs + o];
  }
}

/** Slide filters over maps; `kernel` is of shape rows, columns, channels of a group, filters. */
function convolve(input, kernel, bias, settings, outputSize) {
  const [kernelRows, kernelColumns, nInputs, nOutputs] = kernel.shape;
  const { strides, borders, dilation_rate: dilation, groups } = settings;
  const channels = input.shape[2];
  const values = new Float32Array(outputSize[0] * outputSize[1] * nOutputs);
  const sums = new Float64Array(nOutputs);
  const multiply = groups === 1 ? addProducts : addGrouped;
  const visit = (place, taps) => {
    if (bias) sums.set(bias.values);
    else sums.fill(0);
    for (let t = 0; t < taps.length; t += 2) {
      const at = taps[t + 1] * nInputs * nOutputs;
      multiply(
        sums,
        input.values,
        taps[t] * channels,
        nInputs,
        kernel.values,
        at,
        nOutputs,
        groups,
      );
    }
    values.set(sums, place * nOutputs);
  };
  slide(input, [kernelRows, kernelColumns], strides, borders, outputSize, visit, dilation);
  return values;
}

export function conv2d(layer, [input]) {
  return convolve(input, layer.weights.kernel, layer.weights.bias, layer.settings, layer.shape);
}

const NO_BORDERS = [0, 1].map(() => [0, 0]);

/** The settings of a convolution that sees one place at a time. */
export const ONE_TAP = {
  strides: [1, 1],
  borders: NO_BORDERS,
  dilation_rate: [1, 1],
  groups: 1,
};

/** Every channel by itself, then a convolution with one tap. */
export function depthwiseThenPointwise(layer, [input]) {
  const { depthwise, pointwise, bias } = layer.weights;
  const [rows, columns] = layer.shape;
  const between = {
    values: convolve(input, depthwise, null, layer.settings, layer.shape),
    shape: [rows, columns, depthwise.shape[3]],
  };
  return convolve(between, pointwise, bias, ONE_TAP, layer.shape);
}

/** One number of each window and channel: `reduce(values, taps, channels, c)`. */
function pool(input, size, strides, borders, outputSize, reduce) {
  const channels = input.shape[2];
  const values = new Float32Array(outputSize[0] * outputSize[1] * channels);
  slide(input, size, strides, borders, outputSize, (place, taps) => {
    for (let c = 0; c < channels; c++) {
      values[place * channels + c] = reduce(input.values, taps, channels, c);
    }
  });
  return values;
}

function largest(values, taps, channels, c) {
  let found = -Infinity;
  for (let t = 0; t < taps.length; t += 2) {
    found = Math.max(found, values[taps[t] * channels + c]);
  }
  return found;
}

function mean(values, taps, channels, c) {
  let sum = 0;
  for (let t = 0; t < taps.length; t += 2) sum += values[taps[t] * channels + c];
  return sum / (taps.length / 2);
}

/** Each positive value, weighted with its share of their sum. */
function weightedByItself(values, taps, channels, c) {
  let sum = 0;
  let squares = 0;
  for (let t = 0; t < taps.length; t += 2) {
    const value = Math.max(values[taps[t] * channels + c], 0);
    sum += value;
    squares += value * value;
  }
  return sum > 0 ? squares / sum : 0;
}

function pooling(reduce) {
  return (layer, [input]) => {
    const { pool_size: size, strides, borders } = layer.settings;
    return pool(input, size, strides, borders, layer.shape, reduce);
  };
}

export const maxPool = pooling(largest);
export const averagePool = pooling(mean);
export const stochasticPool = pooling(weightedByItself);

/** The largest of the window at every pixel, `{values, shape}`. */
export function maximaOf({ settings }, input) {
  const { pool_size: size, pool_borders: borders } = settings;
  const n = [0, 1].map((at) => input.shape[at] + borders[at][0] + borders[at][1] - size[at] + 1);
  const values = pool(input, size, [1, 1], borders, n, largest);
  return { values, shape: [...n, input.shape[2]] };
}

/** The largest of each window at every pixel, then a blur of which some places are kept. */
export function maxBlurPool(layer, [input]) {
  const { strides, borders, line } = layer.settings;
  const n = line.length;
  const maxima = maximaOf(layer, input);
  return pool(maxima, [n, n], strides, borders, layer.shape, (found, taps, channels, c) => {
    let sum = 0;
    let weights = 0;
    for (let t = 0; t < taps.length; t += 2) {
      const weight = line[Math.floor(taps[t + 1] / n)] * line[taps[t + 1] % n];
      sum += weight * found[taps[t] * channels + c];
      weights += weight;
    }
    return sum / weights;
  });
}

/** All places of a map as one window. */
function everywhere(reduce) {
  return (layer, [input]) => {
    const size = input.shape.slice(0, 2);
    return pool(input, size, [1, 1], NO_BORDERS, [1, 1], reduce);
  };
}

export const globalAverage = everywhere(mean);
export const globalMax = everywhere(largest);

export function zeroPad(layer, [input]) {
  const [[top], [left]] = layer.settings.borders;
  const [height, width, channels] = input.shape;
  const values = new Float32Array(layer.size);
  for (let i = 0; i < height; i++) {
    const row = input.values.subarray(i * width * channels, (i + 1) * width * channels);
    values.set(row, ((i + top) * layer.shape[1] + left) * channels);
  }
  return values;
}

/** The places along one axis that a place of the larger map is mixed from: `[low, high, share]`. */
export function mixOf(i, factor, n, interpolation) {
  const nearest = Math.floor(i / factor);
  if (interpolation === "nearest") return [nearest, nearest, 0];
  const place = Math.min(Math.max((i + 0.5) / factor - 0.5, 0), n - 1);
  const low = Math.floor(place);
  return [low, Math.min(low + 1, n - 1), place - low];
}

export function upsample(layer, [input]) {
  const { size, interpolation } = layer.settings;
  const [height, width, channels] = input.shape;
  const [rows, columns] = layer.shape;
  const values = new Float32Array(layer.size);
  const at = (i, j, c) => input.values[(i * width + j) * channels + c];
  for (let i = 0, place = 0; i < rows; i++) {
    const [top, bottom, down] = mixOf(i, size[0], height, interpolation);
    for (let j = 0; j < columns; j++) {
      const [left, right, across] = mixOf(j, size[1], width, interpolation);
      for (let c = 0; c < channels; c++, place++) {
        const above = at(top, left, c) * (1 - across) + at(top, right, c) * across;
        const below = at(bottom, left, c) * (1 - across) + at(bottom, right, c) * across;
        values[place] = above * (1 - down) + below * down;
      }
    }
  }
  return values;
}
