/*
 * Guess first: a switch, after which each number is hidden until one has typed a guess.
 *
 * `makeGuessing(state, changed)` gives `{control, isHidden(key), form(key, value, largest)}`: the
 * switch with the count, whether a number, known by any text, is still to be guessed, and the form in
 * which one does. `changed()` is called when a number is revealed.
 */

import { labelled, make } from "./elements.js";
import { textOf } from "./numbers.js";

/** Right is what is off by less than a tenth of the number, or a hundredth of the largest. */
export function isRight(guess, value, largest) {
  return Math.abs(guess - value) <= Math.max(Math.abs(value) / 10, largest / 100);
}

export function makeGuessing(state, changed) {
  state.extend({ guessing: false, guesses: { right: 0, of: 0 } });
  const said = new Map(); // what was said to a guess, by the key of the number
  const control = make("label", "guessing");
  const box = make("input", "");
  const count = make("span", "count");
  box.type = "checkbox";
  control.append(box, " Guess first ", count);
  box.addEventListener("input", () => state.set({ guessing: box.checked }));

  function show({ guessing, guesses: { right, of } }) {
    box.checked = guessing;
    count.textContent = of ? `(${right} of ${of} right)` : "";
    document.documentElement.classList.toggle("is-guessing", guessing);
  }
  state.watch(["guessing", "guesses"], show);
  state.subscribe(["guessing"], changed);

  function judge(key, guess, value, largest) {
    const { right, of } = state.values.guesses;
    const good = isRight(guess, value, largest);
    said.set(key, `${good ? "Right" : "Not quite"}: you guessed ${textOf(guess)}.`);
    state.set({ guesses: { right: right + Number(good), of: of + 1 } });
    changed();
  }

  return {
    control,
    isHidden: (key) => state.values.guessing && !said.has(key),
    form(key, value, largest) {
      if (!state.values.guessing) return "";
      if (said.has(key)) return make("p", "judged", said.get(key));
      const form = make("div", "guess"); // in a cell's sandbox no form is ever submitted
      const button = make("button", "", "Show");
      const input = make("input", "");
      input.inputMode = "text"; // a minus must be on the keyboard
      input.size = 8;
      form.append(labelled("Your guess ", input), button, make("p", "hint"));
      button.addEventListener("click", () => {
        const guess = Number(input.value.trim().replace(",", ".").replace("−", "-") || "?");
        if (Number.isFinite(guess)) return judge(key, guess, value, largest);
        form.lastChild.textContent = "Write a number, as 0.5 or -2.";
      });
      input.addEventListener("keydown", ({ key: pressed }) => {
        if (pressed === "Enter") button.click();
      });
      return form;
    },
  };
}
