/*
 * The sentence: what is selected, in words, for those who cannot see it and for all others too.
 *
 * `sentenceOf(network, values)` is the sentence for the state's values; `showSentence` keeps an
 * element up to date, which a screen reader reads out when it changes. Rows, columns and maps are
 * counted from 1.
 */

import { rangeOf } from "./colors.js";
import { cutBox, placesText, seenBy } from "./field.js";
import { countMaps, fieldAt, hasMaps, indexOf, mapOf } from "./maps.js";
import { answerText, countOf, shapeText, textOf } from "./numbers.js";

const NOTHING =
  "Nothing is selected. Click a map of a layer; or press Tab until a map has a frame, walk with the " +
  "arrow keys and press Enter.";

function seenText(network, ...chosen) {
  const { field, row, column } = fieldAt(network.layers, ...chosen);
  if (!field || row === null) return "";
  const seen = cutBox(seenBy(field, row, column), network.snapshot.images.shape.slice(1));
  return ` It sees ${placesText(seen)} of the picture.`;
}

function unitText(network, layer, unit, values) {
  const isAnswer = network.snapshot.outputs.includes(layer.index);
  const name = isAnswer ? answerText(network.snapshot, layer, unit) : `unit ${unit + 1}`;
  const rank = values.filter((value) => value > values[unit]).length + 1;
  const place = rank === 1 ? "the largest" : `number ${rank} by size`;
  const number = textOf(values[unit]);
  const seen = seenText(network, layer, unit, null, null);
  return `Selected: ${name} in ${layer.name}. It is ${number}, ${place} of ${layer.size}.${seen}`;
}

/** The range of a map in words, and where its largest value is. */
function mapText(layer, values, channel) {
  const map = mapOf(layer, values, channel);
  const [low, high] = rangeOf(map);
  if (low === high) return ` All its values are ${textOf(low)}.`;
  let at = 0;
  while (values[map.start + at * map.step] !== high) at++;
  const [row, column] = [Math.floor(at / map.columns) + 1, (at % map.columns) + 1];
  return ` Its values go from ${textOf(low)} to ${textOf(high)}; the largest is in row ${row}, column ${column}.`;
}

export function sentenceOf(network, { layer: index, channel, row, column }) {
  if (index === null) return NOTHING;
  const layer = network.layers[index];
  const values = network.values(index);
  const what = `${layer.name} (${layer.type}, ${shapeText(layer.shape)})`;
  if (!values) return `${what}: ${layer.missing ?? "its numbers were not recorded."}`;
  if (channel === null) return `${what} gives ${countOf(layer.size)} numbers.`;
  if (layer.shape.length === 1) return unitText(network, layer, channel, values);
  const map = `map ${channel + 1} of ${countMaps(layer)} of ${what}`;
  if (row === null || !hasMaps(layer)) {
    return `Selected: ${map}.${mapText(layer, values, channel)}`;
  }
  const value = textOf(values[indexOf(layer, channel, row, column)]);
  const place = `The number in row ${row + 1}, column ${column + 1} of ${map} is ${value}.`;
  return place + seenText(network, layer, channel, row, column);
}

/** Keep an element's text up to date. */
export function showSentence(element, network, state) {
  const show = () => (element.textContent = sentenceOf(network, state.values));
  network.watch(["layer", "channel", "row", "column"], show);
}
