/*
 * The pictures to choose from. Each is a button that sets the state's `picture`.
 */

import { paintPicture } from "./colors.js";
import { make, makeButton } from "./elements.js";
import { classText, upTo } from "./numbers.js";
import { pictureOf } from "./snapshot.js";

function nameOf(snapshot, index) {
  const label = snapshot.labels ? `: ${classText(snapshot, snapshot.labels[index])}` : "";
  return `Picture ${index + 1}${label}`;
}

/** Fill an element with the pictures. */
export function showPictures(element, network, state) {
  const { snapshot } = network;
  const shape = snapshot.images.shape.slice(1);
  const buttons = upTo(snapshot.images.shape[0]).map((index) => {
    const choose = () => state.set({ picture: index, input: null });
    const [button, canvas] = [makeButton("", choose, "picture"), make("canvas", "")];
    paintPicture(canvas, pictureOf(snapshot, index), shape, snapshot.images);
    button.title = nameOf(snapshot, index);
    button.setAttribute("aria-label", nameOf(snapshot, index));
    button.append(canvas);
    return button;
  });
  element.replaceChildren(...buttons);

  /** A picture that was changed is none of these any more. */
  function mark({ picture, input }) {
    buttons.forEach((button, index) => {
      button.setAttribute("aria-pressed", index === picture && !input);
      button.classList.toggle("changed", index === picture && Boolean(input));
    });
  }
  state.watch(["picture", "input"], mark);
}
