/*
 * The network as it is now: what each layer gives for the picture, or the changed picture.
 *
 *     const network = makeNetwork(snapshot, state);
 *     network.layers                    as the snapshot has them
 *     network.values(index)             float32, what a layer gives; null where it is not known
 *     network.isKnown(index)
 *     network.subscribe(listener)       listener() after all numbers have changed
 *     network.watch(keys, listener)     then, when keys of the state change, and at once
 *     network.before(index)             what it gave before the change, and
 *     network.edited()                  the layers with the weights that they have now
 *     network.live                      the kernel of a recorded network (live.js), or null
 *     network.canChange                 whether the picture may be changed
 *
 * A computed network runs anew when the state's `picture`, `input`, `edits` or `epoch` change. A
 * recorded one has the numbers of the given pictures; with a kernel it waits for those of a changed one,
 * and what is shown stays until they come. What is changed is compared with what was there
 * before: an edited network with itself unedited, a changed picture with the picture as given, an
 * earlier epoch with the network as it is now.
 */

import { forward } from "./engine.js";
import { applyEdits } from "./interventions_edits.js";
import { makeLive } from "./live.js";
import { pictureOf } from "./snapshot.js";
import { layersAt } from "./training.js";

/** The recorded numbers of a layer for one picture: all channels, or the first of them. */
function recordedValues({ recorded }, picture) {
  if (!recorded?.values) return null; // asked of the kernel, perhaps
  const { shape, values, low, high } = recorded;
  const size = values.length / shape[0];
  const part = values.subarray(picture * size, (picture + 1) * size);
  if (recorded.dtype === "float32") return part;
  return Float32Array.from(part, (step) => low + (step * (high - low)) / 255);
}

/** What is compared with: the last kind of change taken back. */
function takenBack({ picture, input, edits, epoch }) {
  if (edits.length) return { picture, input, edits: [], epoch };
  if (input) return { picture, input: null, edits, epoch };
  return { picture, input, edits, epoch: null };
}

export function makeNetwork(snapshot, state) {
  const { layers } = snapshot;
  const isComputed = snapshot.source === "computed";
  const live = snapshot.live && !isComputed ? makeLive(snapshot, renew) : null;
  const listeners = new Set();
  let current = [];
  let edited = layers;
  let original = { key: null, values: [] }; // what is compared with, once it is asked for

  function run({ picture, input, edits, epoch }) {
    if (isComputed) {
      const change = applyEdits(layersAt(snapshot, epoch), edits);
      const values = forward(change.layers, input ?? pictureOf(snapshot, picture), change.after);
      return { values, layers: change.layers };
    }
    const pixels = input ?? pictureOf(snapshot, picture);
    const given = layers.map((layer) => {
      if (layer.type === "InputLayer") return pixels;
      return input ? null : recordedValues(layer, picture);
    });
    return { values: live ? live.complete(given, pixels, input ?? picture) : given, layers };
  }

  function update() {
    const found = run(state.values);
    if (!found.values) return; // the kernel was asked
    ({ values: current, layers: edited } = found);
    for (const listener of listeners) listener();
  }

  /** After an answer of the kernel: also what is compared with may be known by now. */
  function renew() {
    original = { key: null, values: [] };
    update();
  }

  state.extend({ epoch: null });
  state.subscribe(["picture", "input", "edits", "epoch"], update);
  update();
  return {
    snapshot,
    layers,
    isComputed,
    live,
    canChange: isComputed || live !== null,
    values: (index) => current[index],
    isKnown: (index) => Boolean(current[index]),
    before(index) {
      const { input, ...rest } = takenBack(state.values);
      const key = JSON.stringify(rest);
      if (key !== original.key || input !== original.input) {
        original = { key, input, values: run({ ...rest, input }).values };
      }
      return original.values[index];
    },
    edited: () => edited,
    subscribe: (listener) => listeners.add(listener),
    watch(keys, listener) {
      listeners.add(listener);
      state.watch(keys, listener);
    },
  };
}
