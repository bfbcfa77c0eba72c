/*
 * Elements of the page, made in a line.
 */

/** A button that looks like a word of the text. */
export function makeLink(text, follow) {
  return makeButton(text, follow, "link");
}

/** A button. */
export function makeButton(text, press, className = "") {
  const button = make("button", className, text);
  button.type = "button";
  button.addEventListener("click", press);
  return button;
}

/** An element of a class, with a text. */
export function make(tag, className, text = "") {
  const element = document.createElement(tag);
  element.className = className;
  element.textContent = text;
  return element;
}

/** A label with what it belongs to. */
export function labelled(text, ...elements) {
  const label = make("label", "", text);
  label.append(...elements);
  return label;
}

/** A pane with a canvas that fills it: frames can be placed in it. `[pane, canvas]`. */
export function makePane(tag = "div") {
  const [pane, canvas] = [make(tag, "pane"), make("canvas", "")];
  pane.append(canvas);
  return [pane, canvas];
}
