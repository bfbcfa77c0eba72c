/*
 * What one can do to a picture, as numbers: turn, shift and lighten it, draw on it, read a photo.
 *
 * A picture is float32 of shape [rows, columns, channels], with `{low, high}`, the values of black and
 * white. All functions but `drawLine` leave theirs as it is and return another one.
 */

/** The value at a place between pixels, mixed from the four around it; outside, that of the edge. */
function valueAt(values, [rows, columns, channels], row, column, channel) {
  const inside = (place, size) => Math.min(Math.max(place, 0), size - 1);
  const [i, j] = [inside(row, rows), inside(column, columns)];
  const [top, left] = [Math.floor(i), Math.floor(j)];
  const at = (u, v) =>
    values[(inside(u, rows) * columns + inside(v, columns)) * channels + channel];
  const above = at(top, left) + (at(top, left + 1) - at(top, left)) * (j - left);
  const below = at(top + 1, left) + (at(top + 1, left + 1) - at(top + 1, left)) * (j - left);
  return above + (below - above) * (i - top);
}

/**
 * A picture that is turned clockwise by `turn` degrees about its middle, then shifted by
 * `shift = [down, right]` pixels, then made lighter by `light`, a share of what lies between black
 * and white.
 */
export function movePicture(values, shape, { turn, shift, light }, { low, high }) {
  const [rows, columns, channels] = shape;
  const [middleRow, middleColumn] = [(rows - 1) / 2, (columns - 1) / 2];
  const angle = (turn * Math.PI) / 180;
  // Rounded, so that quarter turns hit the pixels.
  const [cosine, sine] = [Math.cos(angle), Math.sin(angle)].map((x) => Math.round(x * 1e9) / 1e9);
  const result = new Float32Array(values.length);
  for (let i = 0, place = 0; i < rows; i++) {
    const down = i - shift[0] - middleRow;
    for (let j = 0; j < columns; j++) {
      const right = j - shift[1] - middleColumn;
      const row = middleRow + down * cosine - right * sine;
      const column = middleColumn + down * sine + right * cosine;
      for (let c = 0; c < channels; c++, place++) {
        const value = valueAt(values, shape, row, column, c) + light * (high - low);
        result[place] = light ? Math.min(Math.max(value, low), high) : value;
      }
    }
  }
  return result;
}

/** Draw a disc with a soft edge, of a colour with as many numbers as there are channels. */
function drawDisc(values, [rows, columns, channels], [row, column], radius, color) {
  const reach = Math.ceil(radius + 1);
  const [middleRow, middleColumn] = [Math.round(row), Math.round(column)];
  for (let i = Math.max(middleRow - reach, 0); i <= Math.min(middleRow + reach, rows - 1); i++) {
    const [first, last] = [middleColumn - reach, middleColumn + reach];
    for (let j = Math.max(first, 0); j <= Math.min(last, columns - 1); j++) {
      const share = Math.min(Math.max(radius + 0.5 - Math.hypot(i - row, j - column), 0), 1);
      for (let c = 0, at = (i * columns + j) * channels; c < channels; c++, at++) {
        values[at] += (color[c] - values[at]) * share;
      }
    }
  }
}

/** Draw a line from one place, `[row, column]`, to another into a picture. */
export function drawLine(values, shape, from, to, width, color) {
  const n = Math.max(1, Math.ceil(2 * Math.hypot(to[0] - from[0], to[1] - from[1])));
  for (let k = 0; k <= n; k++) {
    const place = from.map((start, axis) => start + ((to[axis] - start) * k) / n);
    drawDisc(values, shape, place, width / 2, color);
  }
}

/** Black for white, and white for black. */
export function invertPicture(values, { low, high }) {
  return values.map((value) => low + high - value);
}

/** A picture of one value everywhere. */
export function blankPicture([rows, columns, channels], value) {
  return new Float32Array(rows * columns * channels).fill(value);
}

/** Bytes of red, green, blue, opacity, one pixel after the other, as a picture of 1 or 3 channels. */
export function pictureFromBytes(bytes, [rows, columns, channels], { low, high }) {
  const values = new Float32Array(rows * columns * channels);
  for (let i = 0; i < rows * columns; i++) {
    const color = bytes.subarray(4 * i, 4 * i + 3);
    const levels = channels === 3 ? color : [greyOf(color)];
    for (let c = 0; c < channels; c++) {
      values[i * channels + c] = low + (levels[c] * (high - low)) / 255;
    }
  }
  return values;
}

/** How light a colour looks, from 0 to 255. */
function greyOf([red, green, blue]) {
  return 0.299 * red + 0.587 * green + 0.114 * blue;
}

/** The colour of a text "#rrggbb" in the values of a picture, one number for each channel. */
export function colorFromText(text, shape, range) {
  const bytes = [1, 3, 5].map((at) => parseInt(text.slice(at, at + 2), 16));
  return pictureFromBytes(Uint8Array.of(...bytes, 255), [1, 1, shape[2]], range);
}

/** The value in the middle of each channel, when they are in order: mostly the background's. */
export function medianColor(values, [, , channels]) {
  return Array.from({ length: channels }, (_, c) => {
    const sorted = values.filter((_, i) => i % channels === c).sort();
    return sorted[Math.floor(sorted.length / 2)];
  });
}

/** A picture from a file, its middle cut out to the shape. It is read here and goes nowhere. */
export async function pictureFromFile(file, shape, range) {
  const [rows, columns] = shape;
  const photo = await createImageBitmap(file);
  const scale = Math.min(photo.height / rows, photo.width / columns);
  const [height, width] = [rows * scale, columns * scale];
  const [top, left] = [(photo.height - height) / 2, (photo.width - width) / 2];
  const small = await createImageBitmap(photo, left, top, width, height, {
    resizeWidth: columns,
    resizeHeight: rows,
    resizeQuality: "high",
  });
  const context = new OffscreenCanvas(columns, rows).getContext("2d");
  context.drawImage(small, 0, 0);
  return pictureFromBytes(context.getImageData(0, 0, columns, rows).data, shape, range);
}
