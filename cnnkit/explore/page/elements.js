/*
 * Elements of the page, made in a line.
 */

/** A button that looks like a word of the text. */
export function makeLink(text, follow) {
  const link = make("button", "link", text);
  link.type = "button";
  link.addEventListener("click", follow);
  return link;
}

/** An element of a class, with a text. */
export function make(tag, className, text = "") {
  const element = document.createElement(tag);
  element.className = className;
  element.textContent = text;
  return element;
}
