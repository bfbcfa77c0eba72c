/*
 * Values as colours: pictures as they are, positive maps in viridis, signed ones around a white 0,
 * blue below and red above.
 *
 * `paint(canvas, map, range)` draws a map, `{values, start, step, rows, columns}`: its numbers are
 * values[start], values[start + step], … row by row. `rangeOf(map)` is `[smallest, largest]`. The
 * canvas has one pixel for each number; CSS makes it large.
 */

// Five of viridis' colours; between them it is mixed evenly, which deviates by less than can be seen.
const VIRIDIS = [
  [68, 1, 84],
  [59, 82, 139],
  [33, 145, 140],
  [94, 201, 98],
  [253, 231, 37],
];
const SIGNED = [
  [33, 102, 172],
  [146, 197, 222],
  [247, 247, 247],
  [244, 165, 130],
  [178, 24, 43],
];

/** The colour at `share`, from 0 to 1, of a list of colours. */
function mix(colors, share) {
  const place = Math.min(Math.max(share, 0), 1) * (colors.length - 1);
  const low = Math.min(Math.floor(place), colors.length - 2);
  return colors[low].map((n, i) => n + (colors[low + 1][i] - n) * (place - low));
}

/** The colour of a value as [red, green, blue], where `range` are the values of a map or more. */
export function colorOf(value, [low, high]) {
  if (low >= 0) return mix(VIRIDIS, high > 0 ? value / high : 0);
  const size = Math.max(-low, high);
  return mix(SIGNED, (value / size + 1) / 2);
}

export function rangeOf({ values, start, step, rows, columns }) {
  let [low, high] = [Infinity, -Infinity];
  for (let i = 0, at = start; i < rows * columns; i++, at += step) {
    if (values[at] < low) low = values[at];
    if (values[at] > high) high = values[at];
  }
  return [low, high];
}

/** A range that goes as far below 0 as above: its colours are the signed ones. */
export function signedRange([low, high]) {
  const size = Math.max(-low, high) || 1;
  return [-size, size];
}

function draw(canvas, rows, columns, colorAt) {
  canvas.width = columns;
  canvas.height = rows;
  const image = new ImageData(columns, rows);
  for (let i = 0; i < rows * columns; i++) {
    const color = colorAt(i);
    if (color) image.data.set([...color, 255], 4 * i);
  }
  canvas.getContext("2d").putImageData(image, 0, 0);
}

export function paint(canvas, map, range) {
  const { values, start, step, rows, columns } = map;
  draw(canvas, rows, columns, (i) => {
    const value = values[start + i * step]; // the last row of a vector may not be full
    return value === undefined ? null : colorOf(value, range);
  });
}

/** A picture of 1 or 3 channels, as it looks; of other numbers of channels the first alone. */
export function paintPicture(canvas, values, [rows, columns, channels], { low, high }) {
  const level = (value) => (255 * (value - low)) / (high - low || 1);
  const places = channels === 3 ? [0, 1, 2] : [0, 0, 0];
  draw(canvas, rows, columns, (i) => places.map((c) => level(values[i * channels + c])));
}
