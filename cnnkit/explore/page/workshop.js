/*
 * The layer workshop: what a layer's settings make of a size, with the arithmetic and a picture in
 * which the window slides. All sizes are along one axis; the picture is as high as it is wide.
 *
 * `sizesOf(settings)` is the arithmetic, as Keras does it. The settings are the state's `workshop`:
 * `{size, kernel, strides, padding, dilation}`, of which `padding` is "valid", "same" or, as a text, a
 * number of pixels for each side. Their limits, and examples of them, are in page.html.
 */

import { make } from "./elements.js";
import { clamp } from "./numbers.js";

const KEYS = ["size", "kernel", "strides", "padding", "dilation"];
const PACE = 350; // milliseconds of a step of the window
const DRAWING = "http://www.w3.org/2000/svg"; // the name of SVG's elements; nothing is asked of it

/** The sizes along one axis, or why Keras refuses the settings. */
export function sizesOf({ size, kernel, strides, padding, dilation }) {
  const span = dilation * (kernel - 1) + 1;
  if (strides > 1 && dilation > 1) {
    return {
      span,
      refusal: "Keras takes strides above 1 or a dilation above 1, not both at once.",
    };
  }
  let output, total;
  if (padding === "same") {
    output = Math.ceil(size / strides);
    total = Math.max((output - 1) * strides + span - size, 0);
  } else {
    total = padding === "valid" ? 0 : 2 * Number(padding);
    output = Math.floor((size + total - span) / strides) + 1;
  }
  if (output < 1) {
    const refusal = `The window spans ${span} pixels and there are only ${size + total}: it fits nowhere, and Keras raises an error.`;
    return { span, refusal };
  }
  const before = Math.floor(total / 2);
  const left = size + total - ((output - 1) * strides + span);
  return { span, output, total, before, after: total - before, left: Math.max(left, 0) };
}

/** Whether pixels of the picture's end are in no window. */
export function hasLeftOver(settings) {
  const { left, after } = sizesOf(settings);
  return left > after;
}

const pixels = (n) => (n === 1 ? "1 pixel" : `${n} pixels`);

/** The arithmetic as sentences, in the order in which one computes. */
export function arithmeticOf(settings) {
  const { size: n, kernel: k, strides: s, padding, dilation: d } = settings;
  const { span, output, total, before, after, left, refusal } = sizesOf(settings);
  const lines = [
    d > 1
      ? `The window spans d × (k − 1) + 1 = ${d} × (${k} − 1) + 1 = ${span} pixels: it has holes.`
      : `The window spans k = ${pixels(k)}.`,
  ];
  if (refusal) return [...lines, refusal];
  if (padding === "same") {
    lines.push(
      `With "same" the output has ⌈n / s⌉ = ⌈${n} / ${s}⌉ = ${output} places, rounded up.`,
      `For that Keras adds P = ${pixels(total)} of zeros: ${before} before the picture, ${after} after it.`,
    );
  } else {
    const sum = `(${n} + ${total} − ${span}) / ${s}`;
    lines.push(
      total
        ? `The zeros around the picture add P = ${pixels(total)}: ${before} on each side. In Keras a ZeroPadding2D layer does that.`
        : "Nothing is added: P = 0.",
      `The output has ⌊(n + P − span) / s⌋ + 1 = ⌊${sum}⌋ + 1 = ${output} places, rounded down.`,
    );
  }
  if (left > after) {
    const lost = left - after;
    lines.push(
      `It does not fit evenly: ${pixels(lost)} of the picture's end ${lost === 1 ? "is" : "are"} in no window. Keras says nothing of that.`,
    );
  } else if (left) {
    lines.push(
      `It does not fit evenly: ${pixels(left)} of the border at the end are in no window.`,
    );
  }
  if (s > span) lines.push(`Between two windows ${pixels(s - span)} are skipped.`);
  return lines;
}

function square(x, y, size, className) {
  const element = document.createElementNS(DRAWING, "rect");
  for (const [name, value] of Object.entries({ x, y, width: size, height: size })) {
    element.setAttribute(name, value);
  }
  element.setAttribute("class", className);
  return element;
}

/** Draw the padded picture and the output beside it; the window is at one place of the output. */
function drawSizes(svg, settings, { span, output, total, before }, place) {
  const { size: n, strides, dilation } = settings;
  const all = n + total;
  const [row, column] = [Math.floor(place / output), place % output];
  const start = [row * strides, column * strides];
  const isTap = (at, axis) => {
    const inside = at - start[axis];
    return inside >= 0 && inside < span && inside % dilation === 0;
  };
  const squares = [];
  for (let i = 0; i < all; i++) {
    for (let j = 0; j < all; j++) {
      const isPicture = [i, j].every((at) => at >= before && at < before + n);
      const kind = (isPicture ? "pixel" : "border") + (isTap(i, 0) && isTap(j, 1) ? " tap" : "");
      squares.push(square(j, i, 0.9, kind));
    }
  }
  for (let at = 0; at < output * output; at++) {
    const [i, j] = [Math.floor(at / output), at % output];
    squares.push(square(all + 2 + j, i, 0.9, at === place ? "place tap" : "place"));
  }
  svg.setAttribute("viewBox", `-0.1 -0.1 ${all + output + 2.2} ${Math.max(all, output) + 0.2}`);
  svg.replaceChildren(...squares);
}

/** What a layer's settings are for the workshop; null if it slides no window. */
export function settingsOf(layer, layers) {
  const { kernel_size, pool_size, strides, padding, dilation_rate } = layer?.settings ?? {};
  const window = kernel_size ?? pool_size;
  if (!window || layer.type === "MaxBlurPooling2D") return null;
  const size = layers[layer.inputs[0]].shape[0];
  const dilation = dilation_rate?.[0] ?? 1;
  return { size, kernel: window[0], strides: strides[0], padding, dilation };
}

/** The settings of an example of page.html, such as "8 3 1 same 1". */
export function exampleOf(text) {
  const parts = text.split(" ").map((part) => (Number.isNaN(Number(part)) ? part : Number(part)));
  return Object.fromEntries(KEYS.map((key, i) => [key, parts[i]]));
}

export function showWorkshop(element, network, state) {
  const find = (name) => element.querySelector(`[name="${name}"]`);
  state.extend({ workshop: exampleOf(find("example").options[1].value) });
  const [svg, text, told] = ["svg", ".arithmetic", ".told"].map((q) => element.querySelector(q));
  const [back, play, next] = ["back", "play", "next"].map(find);
  let [place, timer] = [0, null];

  /** Settings as the controls allow them. */
  function limited(settings) {
    const allowed = KEYS.map((key) => {
      const { min, max, options } = find(key);
      if (options)
        return [...options].some(({ value }) => value === settings[key]) ? settings[key] : "valid";
      return clamp(Math.round(Number(settings[key])) || 1, min, max);
    });
    return Object.fromEntries(KEYS.map((key, i) => [key, allowed[i]]));
  }

  function show() {
    const settings = limited(state.values.workshop);
    const sizes = sizesOf(settings);
    const n = (sizes.output ?? 0) ** 2;
    place = n ? (place + n) % n : 0;
    for (const [key, value] of Object.entries(settings)) find(key).value = value;
    for (const button of [back, play, next]) button.disabled = !n;
    svg.classList.toggle("refused", !n);
    if (!n) stop();
    drawSizes(svg, settings, n ? sizes : { span: 0, output: 0, total: 0, before: 0 }, place);
    const [row, column] = [Math.floor(place / sizes.output) + 1, (place % sizes.output) + 1];
    told.textContent = n ? `The window of row ${row}, column ${column} of the output.` : "";
    svg.setAttribute("aria-label", n ? `Picture and output. ${told.textContent}` : "Picture");
  }

  function explain() {
    const lines = arithmeticOf(limited(state.values.workshop));
    text.replaceChildren(...lines.map((line) => make("li", "", line)));
  }

  function move(by) {
    place += by;
    show();
  }

  function stop() {
    clearInterval(timer);
    timer = null;
    play.textContent = "Play";
  }

  for (const key of KEYS) {
    find(key).addEventListener("change", ({ target }) => {
      state.set({ workshop: limited({ ...state.values.workshop, [key]: target.value }) });
      show(); // also a number that was out of its limits, so that nothing has changed
    });
  }
  find("example").addEventListener("change", ({ target }) => {
    state.set({ workshop: exampleOf(target.value), visits: state.values.visits + 1 });
    target.selectedIndex = 0;
  });
  back.addEventListener("click", () => move(-1));
  next.addEventListener("click", () => move(1));
  play.addEventListener("click", () => {
    if (timer) return stop();
    timer = setInterval(move, PACE, 1);
    play.textContent = "Pause";
  });
  find("take").addEventListener("click", () => {
    const taken = settingsOf(network.layers[state.values.layer], network.layers);
    state.set({ workshop: limited(taken), visits: state.values.visits + 1 });
  });
  const offer = ({ layer }) =>
    (find("take").disabled = !settingsOf(network.layers[layer], network.layers));
  state.subscribe(["layer"], offer);
  state.subscribe(["workshop"], () => {
    place = 0;
    show();
    explain();
  });
  offer(state.values);
  show();
  explain();
}
