/*
 * Elements of the page, made in a line.
 */

/** An element of a class, with a text. */
export function make(tag, className, text = "") {
  const element = document.createElement(tag);
  element.className = className;
  element.textContent = text;
  return element;
}
