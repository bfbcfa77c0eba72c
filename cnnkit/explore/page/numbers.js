/*
 * Numbers and shapes as texts, the same everywhere on the page.
 */

/** A value with three digits that count, as "-0.0123", "1.5" or "1.2e+6". */
export function textOf(value) {
  if (value === 0) return "0";
  const size = Math.abs(value);
  if (size >= 1e5 || size < 1e-4) return value.toExponential(1);
  return String(Number(value.toPrecision(3)));
}

/** A count with commas: "12,345". */
export function countOf(n) {
  return n === null ? "?" : n.toLocaleString("en");
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
