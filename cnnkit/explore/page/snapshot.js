/*
 * The snapshot: what Python has put into the page, read once.
 *
 * `readSnapshot(raw)` takes the parsed JSON and decodes its arrays. cnnkit/explore/_snapshot.py
 * says what is in it. Here an array becomes a typed one, and what Python leaves out becomes null.
 * A layer keeps, besides what Python tells: `index`, its place in `layers`, and `size`, how many
 * numbers it gives for one picture.
 */

/** The bytes of a base64 text. */
function bytesOf(text) {
  const characters = atob(text);
  const bytes = new Uint8Array(characters.length);
  for (let i = 0; i < bytes.length; i++) bytes[i] = characters.charCodeAt(i);
  return bytes;
}

/** An array of the snapshot, `{dtype, shape, data}`, as `{shape, values}`. */
export function decodeArray({ dtype, shape, data, low, high }) {
  const bytes = bytesOf(data);
  if (dtype === "uint8") return { shape, values: bytes };
  if (dtype === "float32") return { shape, values: new Float32Array(bytes.buffer) };
  const step = (high - low) / 65535; // of uint16
  return { shape, values: Float32Array.from(new Uint16Array(bytes.buffer), (n) => low + n * step) };
}

/** How many numbers an array of this shape has. */
export function sizeOf(shape) {
  return shape.reduce((product, n) => product * n, 1);
}

function readLayer(raw, index, layers) {
  const layer = { ...raw, index, size: raw.shape ? sizeOf(raw.shape) : 0 };
  layer.weights = {};
  for (const [name, array] of Object.entries(raw.weights ?? {})) {
    layer.weights[name] = decodeArray(array);
  }
  // A layer that is called again has the very weights of its first call.
  if (raw.shared !== undefined) layer.weights = layers[raw.shared].weights;
  layer.recorded = raw.recorded ? { ...raw.recorded, ...decodeArray(raw.recorded) } : null;
  layers.push(layer);
  return layers;
}

/** The snapshot with its arrays decoded. */
export function readSnapshot(raw) {
  return {
    ...raw,
    layers: raw.layers.reduce((layers, layer, index) => readLayer(layer, index, layers), []),
    images: { ...raw.images, ...decodeArray(raw.images) },
    answers: raw.answers ? decodeArray(raw.answers) : null,
  };
}

/** A picture of the snapshot as float32, as the network takes it. */
export function pictureOf(snapshot, index) {
  const size = sizeOf(snapshot.images.shape.slice(1));
  return Float32Array.from(snapshot.images.values.subarray(index * size, (index + 1) * size));
}

/** The class that a picture is wrongly taken for, by the network as it was given; else null. */
export function takenFor({ labels, answers }, picture) {
  if (!labels || answers?.shape.length !== 2 || answers.shape[1] === 1) return null;
  const size = answers.shape[1];
  const own = answers.values.subarray(picture * size, (picture + 1) * size);
  const said = own.indexOf(Math.max(...own));
  return said < 0 || said === labels[picture] ? null : said;
}
