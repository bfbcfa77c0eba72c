/*
 * The state: what is chosen and switched on the page, in one place, and who wants to know.
 *
 *     const state = makeState({ picture: 0 });          // all keys with their first values
 *     state.extend({ guessing: false });                // a part of the page adds keys of its own
 *     const stop = state.subscribe(["picture"], draw);  // draw(values, changed), when one changes
 *     state.watch(["picture"], draw);                   // the same, and it is called at once
 *     state.set({ picture: 1, layer: 2 });              // one change, each listener called once
 *     state.values.picture                              // to read; never to write
 *
 * Keys, with who sets them:
 *   picture    the place of the picture among those given
 *   input      float32, the picture as it was changed, or null: as it was given
 *   layer, channel, row, column   what is selected: a layer, one of its maps, one of its numbers;
 *              null where nothing is. `select` sets them; what is finer than given becomes null.
 *              Of a vector the channel is the unit, and there are no rows and columns.
 *   against, trail   with which answer the selected one is compared, and the way that one has come from
 *              there (why.js)
 *   pixel      [row, column] of the picture, whose reach is marked, or null
 *   guessing   whether a number is hidden until one has guessed it (guess.js)
 *   guesses    {right, of}: how many guesses were right, of how many
 *   scale      "map", "layer" or "network": what black and white of a map's colours stand for
 *   theme      "system", "light" or "dark"
 *   open       names of layers whose further maps are shown, and keys of folds that were switched
 *   zoom       how large tiles are; 1 is as given
 *   edits      a list of changes to the network, as interventions_edits.js has them; to undo the last
 *              one is to set a shorter list
 *   epoch      a place in the snapshot's `training`, or null: the network as it is now
 *   moves      `{turn, shift, light}` of the picture, as inputs_draw.js has them
 *   follow     whether maps are compared with what they were, shifted as far as the picture
 *   tool       "pen", "cover" or "move": what the mouse does to the picture
 *   workshop   the settings in the layer workshop
 *   ticked     names of the tour's steps that are done
 *   visits     how many views one has jumped to: what changes with it was not done by hand
 *
 * All values are JSON but `input`, so that a view can be put into an address. A listener may call
 * `set`: the others hear of that afterwards. Two equal values, as JSON, are no change.
 */

const isEqual = (a, b) =>
  Object.is(a, b) || (!ArrayBuffer.isView(b) && JSON.stringify(a) === JSON.stringify(b));

export function makeState(first) {
  const values = { ...first };
  const listeners = new Set();
  const waiting = [];
  let isTelling = false;

  function tellAll() {
    if (isTelling) return;
    isTelling = true;
    try {
      while (waiting.length) {
        const changed = waiting.shift();
        for (const { keys, listener } of [...listeners]) {
          if (keys.some((key) => changed.includes(key))) listener(values, changed);
        }
      }
    } finally {
      isTelling = false;
      waiting.length = 0;
    }
  }

  function set(changes) {
    const changed = Object.keys(changes).filter((key) => !isEqual(values[key], changes[key]));
    if (!changed.length) return;
    for (const key of changed) {
      if (!(key in values)) throw new Error(`The state has no key ${key}`);
    }
    for (const key of changed) values[key] = changes[key];
    waiting.push(changed);
    tellAll();
  }

  function subscribe(keys, listener) {
    const entry = { keys, listener };
    listeners.add(entry);
    return () => listeners.delete(entry);
  }

  return {
    values,
    set,
    extend(more) {
      for (const [key, value] of Object.entries(more)) values[key] ??= value;
    },
    subscribe,
    /** As `subscribe`, and the listener is called at once. */
    watch(keys, listener) {
      subscribe(keys, listener);
      listener(values, keys);
    },
    /** Select a layer, a map of it, or one number. Nothing is selected by `select(null)`. */
    select(layer, channel = null, row = null, column = null) {
      set({ layer, channel, row, column });
    },
  };
}
