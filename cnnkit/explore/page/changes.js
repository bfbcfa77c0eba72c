/*
 * How much has changed: beside each map, and in the answer.
 *
 * A map's change is the sum of the differences of its numbers, without their signs, as a share of the
 * sum of what was there, without their signs: 0 % is no change, 100 % as much as there was. What is
 * compared with says `before` of network.js.
 */

import { countMaps, hasMaps } from "./maps.js";
import { classText, textOf } from "./numbers.js";

const NAMED = 3; // classes of the answer that are named
const INVITATION =
  "Change the picture or the network: then a number under each map says how much it changed.";
const MEANING =
  "Under each map: how much its numbers changed, as a share of what was there; 0 % is not at all.";

/** The change of every `step`-th number from `start` on, as a share; Infinity where all was 0. */
export function changeOf(now, before, start, step) {
  let [difference, size] = [0, 0];
  for (let i = start; i < now.length; i += step) {
    difference += Math.abs(now[i] - before[i]);
    size += Math.abs(before[i]);
  }
  return difference ? difference / size : 0;
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

/** The classes whose answer changes most, and by how much. */
export function answerText(snapshot, now, before) {
  const isSmall = [...now, ...before].every((x) => Math.abs(x) <= 1);
  const text = (x) => (isSmall ? x.toFixed(2) : textOf(x));
  const size = (unit) => Math.abs(now[unit] - before[unit]);
  const units = [...now.keys()].filter((unit) => text(now[unit]) !== text(before[unit]));
  units.sort((a, b) => size(b) - size(a));
  const changes = units
    .slice(0, NAMED)
    .map((unit) => `${classText(snapshot, unit)} from ${text(before[unit])} to ${text(now[unit])}`);
  return changes.length ? changes.join(", ") : "the answer is the same";
}

/** Write beside each tile of the overview how much it changed, and into `said` what is compared. */
export function showChanges(overview, said, network, state) {
  const { snapshot, layers } = network;

  function write(tile, isCompared) {
    const layer = layers[tile.dataset.layer];
    let note = tile.querySelector(".change");
    if (!isCompared) {
      note?.remove();
      return;
    }
    if (!note) {
      note = document.createElement("span");
      note.className = "change";
      tile.append(note);
    }
    const [now, before] = [network.values(layer.index), network.before(layer.index)];
    const channel = Number(tile.dataset.channel);
    if (tile.classList.contains("bar")) {
      note.textContent = `was ${textOf(before[channel])}`;
      return;
    }
    const isWhole = !hasMaps(layer) || layer.type === "InputLayer";
    const share = isWhole
      ? changeOf(now, before, 0, 1)
      : changeOf(now, before, channel, countMaps(layer));
    note.textContent = changeText(share);
    note.classList.toggle("much", share > 0.5);
  }

  function show() {
    const compared = network.isComputed ? comparisonText(state.values) : null;
    for (const tile of overview.querySelectorAll(".tile")) write(tile, compared !== null);
    if (compared === null) {
      said.textContent = INVITATION;
      return;
    }
    const [last] = snapshot.outputs;
    const isAnswer = snapshot.outputs.length === 1 && layers[last].shape.length === 1;
    const values = isAnswer ? [network.values(last), network.before(last)] : [[], []];
    const answer = isAnswer ? `: ${answerText(snapshot, ...values)}` : "";
    said.textContent = `Compared with ${compared}${answer}. ${MEANING}`;
  }

  network.subscribe(show);
  state.subscribe(["open"], show);
  show();
}
