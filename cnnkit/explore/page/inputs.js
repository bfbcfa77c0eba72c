/*
 * The pictures to choose from. Each is a button that sets the state's `picture`; those that the network
 * as it was given takes for something else have a mark.
 */

import { paintPicture } from "./colors.js";
import { make, makeButton } from "./elements.js";
import { classText, upTo } from "./numbers.js";
import { pictureOf, takenFor } from "./snapshot.js";

function nameOf(snapshot, index) {
  const label = snapshot.labels ? `: ${classText(snapshot, snapshot.labels[index])}` : "";
  const said = takenFor(snapshot, index);
  const wrong = said === null ? "" : `, wrongly taken for ${classText(snapshot, said)}`;
  return `Picture ${index + 1}${label}${wrong}`;
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
    if (takenFor(snapshot, index) !== null) button.append(make("span", "wrong-mark", "✗"));
    return button;
  });
  element.replaceChildren(...buttons);
  if (element.querySelector(".wrong-mark")) {
    element.append(make("p", "help", "✗ the network, as given, gets it wrong"));
  }

  /** A picture that was changed is none of these any more. */
  function mark({ picture, input }) {
    buttons.forEach((button, index) => {
      button.setAttribute("aria-pressed", index === picture && !input);
      button.classList.toggle("changed", index === picture && Boolean(input));
    });
  }
  state.watch(["picture", "input"], mark);
}
