/*
 * How much has changed: beside each map, and in the answer.
 *
 * A map's change is the sum of the differences of its numbers, without their signs, as a share of the
 * sum of what was there, without their signs: 0 % is no change, 100 % as much as there was. What is
 * compared with says `before` of network.js. Of a picture that was shifted and no more, each map may be
 * compared with what it was, shifted as far: so one sees which layers follow a shift. That is a key of
 * the state, `follow`.
 */

import { make } from "./elements.js";
import { countMaps, hasMaps, indexOf } from "./maps.js";
import { answerText, classText, orderOf, textOf } from "./numbers.js";

const INVITATION =
  "Change the picture or the network: then a number under each map says how much it changed.";
const MEANING =
  "Under each map: how much its numbers changed, as a share of what was there: 0 % is not at all, and " +
  "more than 100 % can be.";

/** The change of every `step`-th number from `start` on, as a share; Infinity where all was 0. */
export function changeOf(now, before, start, step) {
  let [difference, size] = [0, 0];
  for (let i = start; i < now.length; i += step) {
    difference += Math.abs(now[i] - before[i]);
    size += Math.abs(before[i]);
  }
  return difference ? difference / size : 0;
}

/**
 * The change of a map against what it was before, shifted by `[down, right]` places. Places that come
 * in at an edge are not compared.
 */
export function changeAfterShift(layer, now, before, channel, [down, right]) {
  const [rows, columns] = layer.shape;
  const [seen, expected] = [[], []];
  for (let i = Math.max(down, 0); i < Math.min(rows, rows + down); i++) {
    for (let j = Math.max(right, 0); j < Math.min(columns, columns + right); j++) {
      seen.push(now[indexOf(layer, channel, i, j)]);
      expected.push(before[indexOf(layer, channel, i - down, j - right)]);
    }
  }
  return changeOf(seen, expected, 0, 1);
}

/** How far a map of a layer should be shifted: as the picture, in whole places. */
export function shiftOf(layer, shift) {
  return shift.map((pixels, axis) => Math.round(pixels / (layer.field?.strides[axis] ?? 1)));
}

/** A share of change as a text. */
export function changeText(share) {
  if (share === Infinity) return "new";
  if (share > 9.99) return "> 999 %";
  return share > 0 && share < 0.01 ? "< 1 %" : `${Math.round(100 * share)} %`;
}

/** What is changed, and what it is compared with; null where nothing is. */
export function comparisonText({ edits, input, epoch }) {
  if (edits.length) return "this picture in the network as it was trained";
  if (input) return "the picture as it was given";
  return epoch === null ? null : "the network as it is now";
}

/** Whether the answer is another one, and how the leading ones change. */
export function changesText(snapshot, now, before) {
  const isSmall = [...now, ...before].every((x) => Math.abs(x) <= 1);
  const text = (x) => (isSmall ? x.toFixed(2) : textOf(x));
  const name = (unit) => answerText(snapshot, { size: now.length }, unit);
  const change = (unit) => `${name(unit)} from ${text(before[unit])} to ${text(now[unit])}`;
  const [[first, second], [was]] = [orderOf(now), orderOf(before)];
  if (first !== was) {
    return `The answer changes from ${name(was)} to ${name(first)}: ${change(was)}, ${change(first)}`;
  }
  const leading = second === undefined ? [first] : [first, second];
  const isSame = leading.every((unit) => text(now[unit]) === text(before[unit]));
  const said = now.length > 1 ? `The answer stays ${name(first)}` : "The answer";
  return isSame ? `${said}, its numbers as before` : `${said}: ${leading.map(change).join(", ")}`;
}

/** What the network gives now and gave before the change, `[now, before]`; null if it is no one answer. */
export function answersOf({ snapshot, layers, isKnown, values, before }) {
  const [last] = snapshot.outputs;
  const isOne = snapshot.outputs.length === 1 && layers[last].shape?.length === 1;
  return isOne && isKnown(last) ? [values(last), before(last)] : null;
}

/** The same in a few words, for beside a switch. */
export function verdictText(snapshot, now, before) {
  if (now.length === 1) return `The answer is now ${textOf(now[0])} (was ${textOf(before[0])}).`;
  const [first, was] = [now, before].map((answers) => orderOf(answers)[0]);
  const name = (unit) => classText(snapshot, unit);
  if (first === was) return `The answer stays ${name(was)}.`;
  return `The answer is now ${name(first)} (was ${name(was)}).`;
}

/** Whether maps are compared with what they were, shifted as far as the picture. */
function isFollowing({ follow, moves, input, edits }) {
  const { turn, light, shift, isPlain } = moves;
  return follow && isPlain && input && !edits.length && !turn && !light && shift.some(Boolean);
}

/** Write beside each tile of the overview how much it changed, and into `said` what is compared. */
export function showChanges(overview, said, network, state) {
  const { snapshot, layers } = network;

  function write(tile, isCompared) {
    const layer = layers[tile.dataset.layer];
    isCompared = isCompared && Boolean(network.before(layer.index));
    let note = tile.querySelector(".change");
    if (!isCompared) {
      note?.remove();
      tile.removeAttribute("aria-description");
      return;
    }
    if (!note) {
      note = make("span", "change");
      tile.append(note);
    }
    const [now, before] = [network.values(layer.index), network.before(layer.index)];
    const channel = Number(tile.dataset.channel);
    if (tile.classList.contains("bar")) {
      note.textContent = `was ${textOf(before[channel])}`;
      return;
    }
    const share = shareOf(layer, now, before, channel);
    note.textContent = changeText(share);
    note.classList.toggle("much", share > 0.5);
    tile.setAttribute("aria-description", `changed by ${note.textContent}`);
  }

  function shareOf(layer, now, before, channel) {
    if (!hasMaps(layer)) return changeOf(now, before, 0, 1);
    if (isFollowing(state.values)) {
      const shift = shiftOf(layer, state.values.moves.shift);
      return changeAfterShift(layer, now, before, channel, shift);
    }
    const isPicture = layer.type === "InputLayer"; // its channels are one tile
    return changeOf(now, before, isPicture ? 0 : channel, isPicture ? 1 : countMaps(layer));
  }

  function show() {
    const compared = network.canChange ? comparisonText(state.values) : null;
    for (const tile of overview.querySelectorAll(".tile")) write(tile, compared !== null);
    if (compared === null) {
      said.textContent = INVITATION;
      return;
    }
    const answers = answersOf(network);
    const answer = answers ? `${changesText(snapshot, ...answers)}. ` : "";
    const shifted = isFollowing(state.values) ? ", each map shifted as far" : "";
    said.textContent = `${answer}Compared with ${compared}${shifted}. ${MEANING}`;
  }

  network.watch(["open", "follow"], show);
}
