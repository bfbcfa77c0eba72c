/*
 * The kernel, where the page is a widget: it is asked for what a recorded network gives for a picture
 * that was changed, and for layers that were not recorded. `relay.js` passes the messages on.
 *
 *     const live = makeLive(snapshot, tell)   // tell() after each answer
 *     live.complete(given, picture, key)      // the numbers of all layers; null until they are there
 *     live.want(index)                        // from now on a layer that was not recorded, too
 *     live.subscribe(listener)                // listener(said): what is asked, or why it failed
 *
 * `given` has the numbers that are known, `key` says of which picture: a place, or the numbers of one
 * that was changed. One question is on its way at a time; of those that come meanwhile the last stays.
 */

import { sizeOf } from "./snapshot.js";

/** The numbers that the buffer of an answer holds. */
function numbersOf(view) {
  if (view instanceof ArrayBuffer) return new Float32Array(view);
  return new Float32Array(view.buffer.slice(view.byteOffset, view.byteOffset + view.byteLength));
}

export function makeLive({ live: { seconds }, layers }, tell) {
  const listeners = new Set();
  const wanted = new Set(); // layers that were not recorded
  const answers = new Map(); // by key: numbers by the place of the layer, null where there are none
  let [count, asked, waiting, timer] = [0, null, null, null];

  function say(said) {
    for (const listener of listeners) listener(said);
  }

  function ask(question) {
    if (asked && !asked.isLate) {
      waiting = question;
      return;
    }
    waiting = null;
    asked = { ...question, id: ++count, isLate: false };
    say("The kernel computes what the network gives …");
    timer = setTimeout(giveUp, 1000 * seconds);
    const { id, picture } = asked;
    window.parent.postMessage({ id, layers: asked.layers, picture: picture.slice() }, "*");
  }

  function goOn() {
    if (waiting) ask(waiting);
  }

  /** An answer may still come; until then the next question is not held up. */
  function giveUp() {
    asked.isLate = true;
    say(
      `The kernel has not answered for ${seconds} seconds: it is busy with another cell, or it has ` +
        "stopped. The maps are those of the picture before. Change the picture again when the kernel " +
        "is idle; if it was started anew, run the notebook again.",
    );
    goOn();
  }

  function hear({ source, data }) {
    const isAnswer = source !== window && source === window.parent;
    if (!isAnswer || !asked || data?.id !== asked.id) return;
    const { key } = asked;
    clearTimeout(timer);
    asked = null;
    if (data.error) {
      say(data.error);
      goOn();
      return;
    }
    keep(key, data);
    say("Keras has computed these numbers in the kernel.");
    tell();
    goOn();
  }

  function keep(key, { layers: told, buffers }) {
    for (const old of answers.keys())
      if (typeof old !== "number" && old !== key) answers.delete(old);
    const numbers = answers.get(key) ?? {};
    told.forEach(({ index, shape, channels, missing }, i) => {
      const layer = layers[index];
      numbers[index] = missing ? null : numbersOf(buffers[i]);
      if (missing) layer.missing = missing;
      else if (!layer.recorded) Object.assign(layer, { shape, size: sizeOf(shape) });
      if (!missing) layer.recorded ??= { channels };
    });
    answers.set(key, numbers);
  }

  window.addEventListener("message", hear);
  return {
    complete(given, picture, key) {
      const found = answers.get(key) ?? {};
      const isAsked = (layer, i) => !given[i] && (wanted.has(i) || layer.recorded);
      const missing = layers.map((_, i) => i).filter((i) => isAsked(layers[i], i) && !(i in found));
      if (missing.length) ask({ layers: missing, picture, key });
      if (missing.length && typeof key !== "number") return null;
      return given.map((values, i) => values ?? found[i] ?? null);
    },
    want(index) {
      wanted.add(index);
      layers[index].missing = null;
      tell();
    },
    subscribe(listener) {
      listeners.add(listener);
    },
  };
}
