/*
 * The network as it is now: what each layer gives for the picture, or the changed picture.
 *
 *     const network = makeNetwork(snapshot, state);
 *     network.layers                    as the snapshot has them
 *     network.values(index)             float32, what a layer gives; null where it is not known
 *     network.isKnown(index)
 *     network.subscribe(listener)       listener() after all numbers have changed
 *     network.before(index)             what it gave for the picture as it was given, unedited
 *     network.edited()                  the layers with the weights that `edits` gave them
 *
 * A computed network runs anew when the state's `picture`, `input` or `edits` change. A recorded one
 * has the numbers of the given pictures. What the state's `edits` mean says whoever makes them:
 * `network.setEditing(apply)`, where `apply(layers, edits)` returns `{layers, after}` for `forward`:
 * layers with other weights, and a function `(layer, values) => values` or null.
 */

import { forward } from "./engine.js";
import { pictureOf } from "./snapshot.js";

/** The recorded numbers of a layer for one picture: all channels, or the first of them. */
function recordedValues({ recorded }, picture) {
  if (!recorded) return null;
  const { shape, values, low, high } = recorded;
  const size = values.length / shape[0];
  const part = values.subarray(picture * size, (picture + 1) * size);
  if (recorded.dtype === "float32") return part;
  return Float32Array.from(part, (step) => low + (step * (high - low)) / 255);
}

export function makeNetwork(snapshot, state) {
  const { layers } = snapshot;
  const isComputed = snapshot.source === "computed";
  const listeners = new Set();
  let apply = () => ({ layers, after: null });
  let current = [];
  let changed = layers;
  let original = { picture: null, values: [] };

  function run(picture, input, edited) {
    if (isComputed) {
      return forward(edited.layers, input ?? pictureOf(snapshot, picture), edited.after);
    }
    return layers.map((layer) =>
      layer.type === "InputLayer" ? pictureOf(snapshot, picture) : recordedValues(layer, picture),
    );
  }

  function update() {
    const { picture, input, edits } = state.values;
    const edited = apply(layers, edits);
    changed = edited.layers;
    current = run(picture, input, edited);
    for (const listener of listeners) listener();
  }

  state.subscribe(["picture", "input", "edits"], update);
  update();
  return {
    snapshot,
    layers,
    isComputed,
    values: (index) => current[index],
    isKnown: (index) => Boolean(current[index]),
    before(index) {
      const { picture } = state.values;
      if (original.picture !== picture) {
        original = { picture, values: run(picture, null, { layers, after: null }) };
      }
      return original.values[index];
    },
    edited: () => changed,
    setEditing(change) {
      apply = change;
      update();
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}
