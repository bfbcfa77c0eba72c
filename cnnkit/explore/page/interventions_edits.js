/*
 * Edits: what one has changed in a network, a list in the state, in the order in which it was done.
 *
 *     { kind: "channel", layer, channel, on }      a map or a unit is switched off, or on again
 *     { kind: "weights", layer, name, at, values } numbers of a weight are replaced: `at` has places
 *     { kind: "mask", layer, rate, seed, whole }   dropout: a share of a layer's numbers, or of its
 *                                                  whole maps, is 0, and the rest is larger for it
 *
 * `layer` is its place in the network. A later edit of the same thing counts. All is JSON, so that a
 * view with edits can be sent.
 */

/** Numbers from 0 to 1 that look random and are the same for the same seed (mulberry32). */
function drawNumbers(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** What each number of a layer is multiplied with under dropout: 0, or 1 / (1 - rate). */
export function dropoutMask(layer, { rate, seed, whole }) {
  const draw = drawNumbers(seed);
  const channels = layer.shape.at(-1);
  const mask = new Float32Array(whole ? channels : layer.size);
  const kept = mask.map(() => (draw() < rate ? 0 : 1 / (1 - rate)));
  return whole ? new Float32Array(layer.size).map((_, i) => kept[i % channels]) : kept;
}

/** The last edits of one kind for a layer, by what they are about. */
function lastOf(edits, kind, layer, key) {
  return new Map(
    edits
      .filter((edit) => edit.kind === kind && edit.layer === layer)
      .map((edit) => [edit[key], edit]),
  );
}

/** Which channels of a layer are off. */
export function channelsOff(edits, layer) {
  const last = [...lastOf(edits, "channel", layer, "channel").values()];
  return last.filter(({ on }) => !on).map(({ channel }) => channel);
}

/** The mask edit of a layer that counts, or null. */
export function maskOf(edits, layer) {
  const edit = lastOf(edits, "mask", layer, "kind").get("mask");
  return edit?.rate ? edit : null;
}

function replaceWeights(layers, edits) {
  const copies = new Map(); // from the weights as given; a layer that is called twice has them once
  for (const { layer, name, at, values } of edits.filter(({ kind }) => kind === "weights")) {
    const given = layers[layer].weights;
    if (!copies.has(given)) copies.set(given, { ...given });
    const copy = copies.get(given);
    if (copy[name] === given[name]) {
      copy[name] = { ...given[name], values: given[name].values.slice() };
    }
    at.forEach((place, i) => (copy[name].values[place] = values[i]));
  }
  if (!copies.size) return layers;
  return layers.map((layer) => ({ ...layer, weights: copies.get(layer.weights) ?? layer.weights }));
}

/** The layers with other weights, and what is done to what a layer gives: see `forward`. */
export function applyEdits(layers, edits) {
  if (!edits.length) return { layers, after: null };
  const changes = layers.map((layer, index) => ({
    off: channelsOff(edits, index),
    mask: maskOf(edits, index),
  }));
  function after(layer, values) {
    const { off, mask } = changes[layer.index];
    if (!off.length && !mask) return values;
    const channels = layer.shape.at(-1);
    const factors = mask ? dropoutMask(layer, mask) : null;
    return values.map((x, i) => (off.includes(i % channels) ? 0 : x * (factors ? factors[i] : 1)));
  }
  return { layers: replaceWeights(layers, edits), after };
}
