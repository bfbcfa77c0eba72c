/*
 * The address: the state as a text, with which a view can be sent, and which a reload finds again.
 *
 * The text is "#view=" and, as JSON, each key of the state that differs from its first value. In a
 * saved page it is the end of the page's address. The frame of a notebook's cell has no address of
 * its own: there the text is copied from a field of the page, and pasted into it. A changed picture
 * is not in it. What others send may be anything: `readView` takes only what suits the network.
 */

import { countMaps } from "./maps.js";

const START = "#view=";
const WAIT = 250; // milliseconds: a browser forbids to change the address very often
const LEFT = ["input", "moves", "visits"]; // a changed picture, and what is no state of a view
const OWN = ["theme", "ticked"]; // of whoever looks at the page; not sent along

const isSame = (a, b) => JSON.stringify(a) === JSON.stringify(b);

/** The state's values as a text; `without` are keys that are left out. */
export function viewText(values, first, without = []) {
  const left = [...LEFT, ...without];
  const changed = Object.keys(first).filter(
    (key) => !left.includes(key) && !isSame(values[key], first[key]),
  );
  const view = Object.fromEntries(changed.map((key) => [key, values[key]]));
  return START + encodeURIComponent(JSON.stringify(view));
}

const isPlace = (value, n) => Number.isInteger(value) && value >= 0 && value < n;

/** Whether a value is of the kind of a key's first one; null stands where a place may. */
function isAlike(value, first) {
  if (first === null) return value === null || (Number.isInteger(value) && value >= 0);
  if (typeof value !== typeof first || Array.isArray(value) !== Array.isArray(first)) return false;
  if (typeof first !== "object" || Array.isArray(first)) return true;
  return value && Object.keys(first).every((key) => isAlike(value[key], first[key]));
}

/** What is selected in a view, as far as the network has it. */
function selectionOf({ layer, channel, row, column }, layers) {
  if (!isPlace(layer, layers.length)) layer = null;
  const { shape, size } = layers[layer] ?? { size: 0 };
  const channels = shape?.length === 1 ? size : countMaps(layers[layer] ?? {});
  if (!isPlace(channel, channels)) channel = null;
  const isInside = channel !== null && isPlace(row, shape[0]) && isPlace(column, shape[1]);
  return isInside ? { layer, channel, row, column } : { layer, channel, row: null, column: null };
}

/** All keys with the values of a view, or null if the text is none. */
export function readView(text, first, snapshot) {
  let view;
  try {
    view = JSON.parse(decodeURIComponent(text.slice(text.indexOf(START) + START.length)));
  } catch {
    return null;
  }
  if (!text.includes(START) || !view || typeof view !== "object") return null;
  const known = Object.keys(first).filter(
    (key) => Object.hasOwn(view, key) && !LEFT.includes(key) && isAlike(view[key], first[key]),
  );
  const values = { ...first, ...Object.fromEntries(known.map((key) => [key, view[key]])) };
  if (!isPlace(values.picture, snapshot.images.shape[0])) values.picture = first.picture;
  return { ...values, ...selectionOf(values, snapshot.layers) };
}

/**
 * Bind the address and the elements `{field, copy, status}` to the state. It is called when all
 * parts have added their keys.
 */
export function showAddress({ field, copy, status }, network, state) {
  const first = { ...state.values };
  const hasAddress = location.protocol !== "about:"; // that of a cell's frame is about:srcdoc
  let timer = 0;

  function take(text, own) {
    const view = readView(text, { ...first, ...own }, network.snapshot);
    if (!view) return false;
    const before = { ...state.values };
    try {
      state.set({ ...view, visits: before.visits + 1 });
    } catch {
      state.set(before); // changes to a network that it does not have
      return false;
    }
    return true;
  }

  function keep() {
    clearTimeout(timer);
    timer = setTimeout(() => {
      history.replaceState(null, "", viewText(state.values, first));
    }, WAIT);
  }

  copy.addEventListener("click", () => {
    const start = hasAddress ? location.href.split("#")[0] : "";
    field.value = start + viewText(state.values, first, OWN);
    field.select();
    // The newer clipboard interface is forbidden in a frame without an origin.
    const isCopied = document.execCommand("copy");
    const told = isCopied ? "The view is copied" : "Press Ctrl and C to copy the view";
    status.textContent =
      told + (state.values.input ? ", without your change to the picture." : ".");
  });

  field.addEventListener("input", () => {
    const own = Object.fromEntries(OWN.map((key) => [key, state.values[key]]));
    status.textContent = take(field.value, own)
      ? "This is the view that you have pasted."
      : 'This is no view of this network: one begins with "#view=" or has it in its address.';
  });

  if (!hasAddress) return;
  take(location.hash, {});
  window.addEventListener("hashchange", () => take(location.hash || `${START}{}`, {}));
  state.subscribe(Object.keys(first), keep);
}
