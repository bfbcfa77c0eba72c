/*
 * The picture to be changed: one draws on it, covers or moves it, turns it, makes it lighter, or takes
 * a photo of one's own. Each change sets the state's `input`, and the network answers.
 *
 * `moves`, a key of the state, is `{turn, shift, light}`, as `movePicture` takes them. What they move
 * is `base`: the picture as given, or what one has drawn. Whoever draws on a picture that was moved
 * draws on what is seen: it becomes the base, and the moves begin anew; then `isPlain` is false.
 */

import { paintPicture } from "./colors.js";
import {
  blankPicture,
  colorFromText,
  drawLine,
  invertPicture,
  medianColor,
  movePicture,
  pictureFromFile,
} from "./inputs_pixels.js";
import { clamp } from "./numbers.js";
import { pictureOf } from "./snapshot.js";

const STILL = { turn: 0, shift: [0, 0], light: 0, isPlain: true };
const DRAWN = { ...STILL, isPlain: false };
const STEPS = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };
const HELP = {
  pen: "Draw here with mouse, finger or pen. With keys: arrows move the mark, the space bar draws.",
  cover: "Cover a part: the rubber has the median colour of the picture, mostly the background's.",
  move: "Drag the picture, or shift it with the arrow keys. What leaves at one side is lost.",
};

const isMoved = ({ turn, shift, light }) => turn || light || shift.some(Boolean);

/** Fill an element with the picture and its tools. `network` computes; else there are none. */
export function showDrawing(element, network, state) {
  const { snapshot } = network;
  const shape = snapshot.images.shape.slice(1);
  const [rows, columns] = shape;
  const range = snapshot.images;
  const find = (name) => element.querySelector(`[name="${name}"], .${name}`);
  const [pad, canvas, mark] = [find("pad"), find("pad").firstElementChild, find("mark")];
  let base = pictureOf(snapshot, state.values.picture);
  let place = [Math.floor(rows / 2), Math.floor(columns / 2)]; // of the mark
  let last = null; // where the pointer was
  let ours = null; // the input that was set here

  state.extend({ moves: STILL, tool: "pen", follow: false });

  function setInput(input, moves) {
    ours = input;
    state.set({ input, moves });
  }

  function move(changes) {
    const moves = { ...state.values.moves, ...changes };
    setInput(movePicture(base, shape, moves, range), moves);
  }

  /** Another picture to go on with. */
  function replace(picture) {
    base = picture;
    setInput(picture.slice(), DRAWN);
  }

  const seen = () => state.values.input ?? base;

  function draw(from, to) {
    const { tool } = state.values;
    base = seen().slice();
    const color =
      tool === "pen" ? colorFromText(find("color").value, shape, range) : medianColor(base, shape);
    drawLine(base, shape, from, to, Number(find("width").value), color);
    setInput(base.slice(), DRAWN);
  }

  function shift([down, right]) {
    const [oldDown, oldRight] = state.values.moves.shift;
    const to = [clamp(oldDown + down, -rows, rows), clamp(oldRight + right, -columns, columns)];
    move({ shift: to });
  }

  /** The place of a pointer in pixels of the picture, from the middle of the first one on. */
  function placeOf(event) {
    const box = canvas.getBoundingClientRect();
    return [
      ((event.clientY - box.top) / box.height) * rows - 0.5,
      ((event.clientX - box.left) / box.width) * columns - 0.5,
    ];
  }

  function drag(event) {
    const now = placeOf(event);
    if (state.values.tool !== "move") {
      draw(last ?? now, now);
      last = now;
      return;
    }
    last ??= now;
    const steps = now.map((n, axis) => Math.round(n - last[axis]));
    if (!steps.some(Boolean)) return;
    last = last.map((n, axis) => n + steps[axis]);
    shift(steps);
  }

  pad.addEventListener("pointerdown", (event) => {
    if (event.button > 0) return;
    pad.setPointerCapture(event.pointerId);
    last = null;
    drag(event);
  });
  pad.addEventListener("pointermove", (event) => {
    if (pad.hasPointerCapture(event.pointerId)) drag(event);
  });
  pad.addEventListener("keydown", (event) => {
    const step = STEPS[event.key];
    const isMove = state.values.tool === "move";
    if (!step && (event.key !== " " || isMove)) return;
    event.preventDefault();
    if (!step) draw(place, place);
    else if (isMove) shift(step);
    else moveMark(step);
  });

  function moveMark(step) {
    place = place.map((at, axis) => clamp(at + step[axis], 0, shape[axis] - 1));
    showMark();
  }

  function showMark() {
    mark.style.setProperty("--row", place[0] / rows);
    mark.style.setProperty("--column", place[1] / columns);
    find("mark-place").textContent = `row ${place[0] + 1}, column ${place[1] + 1}`;
  }

  async function readPhoto(file) {
    const said = find("photo-said");
    try {
      const picture = await pictureFromFile(file, shape, range);
      said.textContent = `The middle of ${file.name}, made ${rows}×${columns} pixels.`;
      replace(picture);
    } catch {
      said.textContent = `${file.name} is no picture that this browser can read.`;
    }
  }

  for (const name of ["turn", "light"]) {
    find(name).addEventListener("input", () => move({ [name]: Number(find(name).value) }));
  }
  find("follow").addEventListener("change", ({ target }) => state.set({ follow: target.checked }));
  for (const choice of element.querySelectorAll("[name='tool']")) {
    choice.addEventListener("change", () => state.set({ tool: choice.value }));
    // After a mouse the keys are for the picture; after a key they still choose among the tools.
    choice.addEventListener("click", () => {
      if (!choice.matches(":focus-visible")) pad.focus({ preventScroll: true });
    });
  }
  find("photo").addEventListener("change", ({ target }) => {
    if (target.files.length) readPhoto(target.files[0]);
    target.value = ""; // so that the same file can be chosen again
  });
  find("blank").addEventListener("click", () => replace(blankPicture(shape, range.low)));
  find("invert").addEventListener("click", () => replace(invertPicture(seen(), range)));
  find("restore").addEventListener("click", () => state.set({ input: null, moves: STILL }));

  function showTool({ tool }) {
    for (const choice of element.querySelectorAll("[name='tool']")) {
      choice.checked = choice.value === tool;
    }
    pad.dataset.tool = tool;
    find("help").textContent = HELP[tool];
  }

  function showMoves({ follow: isOn, moves: { turn, shift: by, light, isPlain } }) {
    find("follow").checked = isOn;
    find("follow-label").hidden = !isPlain || turn || light || !by.some(Boolean);
    find("turn").value = turn;
    find("light").value = light;
    find("turned").textContent = `${turn}°`;
    find("lit").textContent = `${light > 0 ? "+" : ""}${Math.round(100 * light)} %`;
    const words = [
      [by[0], "down", "up"],
      [by[1], "to the right", "to the left"],
    ].filter(([n]) => n);
    find("shifted").textContent = words.length
      ? `Shifted ${words.map(([n, on, back]) => `${Math.abs(n)} ${n > 0 ? on : back}`).join(", ")}.`
      : "";
  }

  /** The picture may have been chosen, moved or changed by another part of the page. */
  function follow({ picture, input, moves }, changed) {
    if (!input) {
      base = pictureOf(snapshot, picture);
      if (changed.includes("moves") && isMoved(moves)) move({});
      else state.set({ moves: STILL });
    } else if (input !== ours) {
      ours = input;
      base = input;
      state.set({ moves: DRAWN });
    }
    paintPicture(canvas, seen(), shape, range);
    find("restore").disabled = !input;
  }

  find("width").max = Math.max(2, Math.round(rows / 4));
  find("width").value = Math.max(1, Math.round(rows / 12));
  mark.style.setProperty("--n-rows", rows);
  mark.style.setProperty("--n-columns", columns);
  find("photo-label").hidden = ![1, 3].includes(shape[2]);
  state.watch(["tool"], showTool);
  state.watch(["moves", "follow"], showMoves);
  state.watch(["picture", "input", "moves"], follow);
  showMark();
}
