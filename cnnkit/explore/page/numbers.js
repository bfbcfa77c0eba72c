/*
 * Numbers and shapes as texts, the same everywhere on the page.
 */

import { hasMaps } from "./maps.js";

/** The numbers from 0 to n - 1. */
export const upTo = (n) => [...Array(n).keys()];

export const clamp = (x, low, high) => Math.min(Math.max(x, low), high);

/** Which of some values is the largest, the next one, …, as places. */
export const orderOf = (values) => [...values.keys()].sort((a, b) => values[b] - values[a]);

/** A value with three digits that count, as "-0.0123", "1.5" or "1.2e+6": as a program reads it. */
export function plainText(value) {
  if (value === 0) return "0";
  const size = Math.abs(value);
  if (size >= 1e5 || size < 1e-4) return value.toExponential(1);
  return String(Number(value.toPrecision(3)));
}

/** The same as one prints it: "−0.0123". */
export function textOf(value) {
  return withMinus(plainText(value));
}

/** A number as a text, with the sign that a minus has in print. */
export function withMinus(text) {
  return text.replace(/^-/, "−");
}

/** A count with commas: "12,345". */
export function countOf(n) {
  return n === null ? "?" : n.toLocaleString("en");
}

/** A share: "25 %". */
export function percent(share) {
  return `${Math.round(100 * share)} %`;
}

/** A shape: "28×28×16". */
export function shapeText(shape) {
  return shape ? shape.join("×") : "?";
}

/** A receptive field: "5×5 px". Of a layer that looks beyond it, it ends with "+". */
export function fieldText(field) {
  return field ? `${shapeText(field.size)} px${field.beyond ? "+" : ""}` : "?";
}

/** What a unit of an answer speaks for: a single one is the larger, the more it is for the second. */
export function answerText(snapshot, layer, unit) {
  return classText(snapshot, layer.size === 1 ? 1 : unit);
}

/** What a class is called; of one output there are two classes. */
export function classText(snapshot, index) {
  return snapshot.class_names?.[index] ?? `class ${index}`;
}

/** What a layer is called in its model. */
export function shortName({ name }) {
  return name.split("/").at(-1);
}

/** A map, or a unit, with the layer that it is of; an answer by what it speaks for. */
export function partName(layer, channel, snapshot) {
  const of = `of ${shortName(layer)}`;
  if (layer.type === "InputLayer" && hasMaps(layer)) {
    return layer.shape[2] === 1 ? "the picture" : `channel ${channel + 1} of the picture`;
  }
  if (hasMaps(layer)) return `map ${channel + 1} ${of}`;
  const isAnswer = snapshot.outputs.includes(layer.index) && layer.shape.length === 1;
  return isAnswer
    ? `answer “${answerText(snapshot, layer, channel)}” ${of}`
    : `unit ${channel + 1} ${of}`;
}
