/*
 * What is shown of a number: windows as tables, steps as lines. Texts and elements, no state.
 */

import { colorOf, rangeOf, signedRange } from "./colors.js";
import { make, makeButton, makeLink } from "./elements.js";
import { classText, textOf, withMinus } from "./numbers.js";

export const ROUNDED =
  "Numbers are shown rounded, and added up exactly: the last digit of a sum may differ from yours.";
const HIDDEN = "?";

/** A number, rounded, with its exact value for whoever reads the page by a program. */
export function showValue(value, isHidden = false, text = textOf(value)) {
  const element = document.createElement("data");
  element.textContent = isHidden ? HIDDEN : withMinus(text);
  if (!isHidden) element.value = value;
  return element;
}

/** How the numbers of a table are rounded: the largest to three digits, the others as far. */
function roundingFor(largest) {
  const decimals = 2 - Math.floor(Math.log10(largest));
  if (decimals > 7 || decimals < -2) return textOf;
  const round = (x) => x.toFixed(Math.max(decimals, 0));
  return (x) => (x === 0 ? "0" : Number(round(x)) === 0 ? round(0) : round(x));
}

/** How light a colour looks, from 0 to 1: from 0.18 on black is easier to read on it than white. */
function lightness(color) {
  const [red, green, blue] = color.map((level) => (level / 255) ** 2.2);
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

/** Numbers as a table of `columns`, each on its colour; null is a place beyond the edge. Weights and
 * products are `isSigned`: white is 0, also where all have one sign. */
export function showTable(name, numbers, columns, { isHidden = false, isSigned = false } = {}) {
  const table = make("table", "window");
  table.setAttribute("aria-label", name);
  const own = rangeOf({ values: numbers, start: 0, step: 1, rows: 1, columns: numbers.length });
  const range = isSigned ? signedRange(own) : own;
  const round = roundingFor(Math.max(-range[0], range[1]) || 1);
  for (let start = 0; start < numbers.length; start += columns) {
    const row = table.insertRow();
    for (const x of numbers.slice(start, start + columns)) {
      const cell = row.insertCell();
      if (x === null) cell.className = "beyond";
      cell.append(x === null ? "·" : showValue(x, isHidden, round(x)));
      if (x === null || isHidden) continue;
      const color = colorOf(x, range);
      cell.style.background = `rgb(${color.map(Math.round).join(" ")})`;
      cell.style.color = lightness(color) > 0.18 ? "#000" : "#fff";
    }
  }
  return table;
}

const MANY_NUMBERS = 30; // of a window, from which on it is folded behind its largest products

/**
 * The window of one part: its numbers, the weights, the products and what they give. A click on a
 * number calls `go(part, place)`.
 */
export function showPart(plan, read, isHidden, go) {
  const { part, places, found, weights, products, total } = read;
  const card = make("div", "part");
  card.append(make("h4", "", part.name));
  let tables = card;
  if (found.length > MANY_NUMBERS) {
    tables = make("details", "");
    tables.append(make("summary", "", `all ${found.length} numbers`));
    card.append(largestProducts(read, isHidden, go), tables);
  }
  const numbers = showTable(`Numbers of ${part.name}`, found, part.columns);
  numbers.classList.add("read");
  numbers.querySelectorAll("td").forEach((cell, i) => {
    if (found[i] !== null) cell.addEventListener("click", () => go(part, places[i]));
  });
  tables.append(numbers);
  if (weights) {
    tables.append(
      make("span", "sign", "×"),
      showTable("Weights", weights, part.columns, { isSigned: true }),
    );
    const own = showTable("Products", products, part.columns, { isHidden, isSigned: true });
    if (found.length > 1) tables.append(make("span", "sign", "="), own);
  }
  const times = part.factor === undefined ? "" : ` × its weight ${textOf(part.factor)}`;
  const line = make("p", "total", `${plan.within === "largest" ? "largest" : "sum"}${times} = `);
  line.append(showValue(total, isHidden));
  if (plan.parts.length > 1 && (found.length > 1 || weights)) card.append(line);
  return card;
}

/** The largest products with the places of their numbers, which lead there. */
function largestProducts({ part, places, found, weights, products }, isHidden, go) {
  const order = [...found.keys()].sort((a, b) => Math.abs(products[b]) - Math.abs(products[a]));
  const list = make("ol", "largest");
  for (const i of order.slice(0, 6)) {
    const [row, column] = places[i].map((at) => at + 1);
    const where = part.shape[0] === 1 ? `unit ${column}` : `row ${row}, column ${column}`;
    const times = weights ? ` × ${textOf(weights[i])}` : "";
    const line = make("li", "");
    line.append(
      makeLink(where, () => go(part, places[i])),
      ": ",
      showValue(found[i]),
      `${times} = `,
    );
    line.append(showValue(products[i], isHidden));
    list.append(line);
  }
  return list;
}

/** What is made of the parts, in words. */
export function startText(plan) {
  if (plan.across === "product") return "product of all";
  if (plan.across === "largest" || plan.within === "largest") return "the largest";
  if (plan.parts.every((part) => part.kernel || part.weigh)) return "sum of all products";
  return plan.parts.length > 1 ? "sum of all" : "the number that is read";
}

/** The steps after the sum, each with its number. */
export function showSteps(plan, { start, steps }, isHidden) {
  const list = make("ol", "steps");
  const lines = [[startText(plan), "", start], ...steps.map((s) => [s.name, s.text, s.value])];
  for (const [name, text, value] of lines) {
    const line = make("li", "");
    line.append(
      make("b", "", text ? `${name}:` : name),
      ` ${text} `,
      make("span", "sign", "="),
      " ",
    );
    line.append(showValue(value, isHidden));
    list.append(line);
  }
  return list;
}

/** Softmax: what each class has before it, e to the power of that, and its share. */
export function showSoftmax(snapshot, numbers, unit, isHidden) {
  const most = Math.max(...numbers);
  const powers = [...numbers].map((z) => Math.exp(z - most));
  const sum = powers.reduce((a, b) => a + b, 0);
  const table = make("table", "softmax");
  table.createCaption().textContent =
    `e to the power of each z, divided by the sum of all (${textOf(most)} is taken off first, so that ` +
    "no power grows too large; the shares stay the same)";
  const head = table.insertRow();
  for (const text of ["class", "z", `e^(z − ${textOf(most)})`, "share"])
    head.append(make("th", "", text));
  numbers.forEach((z, i) => {
    const row = table.insertRow();
    row.classList.toggle("chosen", i === unit);
    row.insertCell().textContent = classText(snapshot, i);
    for (const x of [z, powers[i], powers[i] / sum]) {
      row.insertCell().append(showValue(x, isHidden && i === unit));
    }
  });
  return table;
}

/** A list in `parent`, of which the first few are shown, and a button for all others with their sum. */
export function showSome(parent, list, few, show, isHidden = false) {
  parent.append(...list.slice(0, few).map(show));
  const rest = list.slice(few);
  if (!rest.length) return [parent];
  const open = () => {
    button.remove();
    parent.append(...rest.map(show));
  };
  const button = makeButton(`${rest.length} more, together `, open, "switch");
  const sum = rest.reduce((total, each) => total + each.total, 0);
  button.append(showValue(sum, isHidden));
  return [parent, button];
}
