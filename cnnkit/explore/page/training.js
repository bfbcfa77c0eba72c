/*
 * The training: a slider over the epochs after which weights were kept.
 *
 * The snapshot's `training` is a list of `{epoch, logs, weights}`; the last one, without weights, is
 * the network as it is now. The state's `epoch` is a place in that list, or null for the last one.
 */

import { textOf } from "./numbers.js";
import { decodeArray } from "./snapshot.js";

const decoded = new WeakMap(); // from an entry of `training` to its layers

/** The layers with the weights of a place in `training`; null stands for the network as it is. */
export function layersAt({ layers, training }, place) {
  const entry = training?.[place];
  if (!entry?.weights) return layers;
  if (!decoded.has(entry)) {
    const found = [];
    for (const layer of layers) {
      const weights = {};
      for (const [name, array] of Object.entries(entry.weights[layer.index])) {
        weights[name] = decodeArray(array);
      }
      found.push({ ...layer, weights: found[layer.shared]?.weights ?? weights });
    }
    decoded.set(entry, found);
  }
  return decoded.get(entry);
}

/** What is known of an epoch: "after epoch 3: loss 0.21, accuracy 0.94". */
export function epochText({ epoch, logs }) {
  const numbers = Object.entries(logs).map(
    ([name, value]) => `${name.replace("val_", "validation ")} ${textOf(value)}`,
  );
  const when =
    epoch === 0 ? "before the training" : epoch ? `after epoch ${epoch}` : "as it is now";
  return numbers.length ? `${when}: ${numbers.join(", ")}` : when;
}

/** Fill an element with the slider; without a training it is hidden. */
export function showTraining(element, network, state) {
  const { training } = network.snapshot;
  element.hidden = !training;
  if (!training) return;
  const slider = element.querySelector("input");
  const said = element.querySelector("output");
  slider.max = training.length - 1;
  slider.addEventListener("input", () => {
    const place = Number(slider.value);
    state.set({ epoch: place === training.length - 1 ? null : place });
  });
  function show({ epoch }) {
    slider.value = epoch ?? training.length - 1;
    const text = epochText(training[slider.value]);
    slider.setAttribute("aria-valuetext", text);
    said.textContent = text;
  }
  state.watch(["epoch"], show);
}
