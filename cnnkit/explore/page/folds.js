/*
 * Which layers stand together: those of a nested model, and in long networks every dozen.
 *
 * `foldsOf(layers)` is a list of `{name, layers, isFolded}` in the order of the network; of a short
 * network without nested models one without a name.
 */

const LONG = 30; // layers, from which on a network is folded
const DOZEN = 12;

const modelOf = (layer) => layer.name.split("/").slice(0, -1).join("/");

function cut(fold, isLong) {
  if (fold.name || !isLong || fold.layers.length <= DOZEN) return [fold];
  const parts = [];
  for (let i = 0; i < fold.layers.length; i += DOZEN) {
    const part = fold.layers.slice(i, i + DOZEN);
    const name = `layers ${part[0].index + 1} to ${part.at(-1).index + 1}`;
    parts.push({ name, layers: part });
  }
  return parts;
}

export function foldsOf(layers) {
  const folds = [];
  for (const layer of layers) {
    const name = modelOf(layer);
    if (folds.at(-1)?.name !== name) folds.push({ name, layers: [] });
    folds.at(-1).layers.push(layer);
  }
  const isLong = layers.length > LONG;
  const found = folds.flatMap((fold) => cut(fold, isLong));
  // The first and the last stay open: one begins with the image and ends with the answer.
  return found.map((fold, i) => ({
    ...fold,
    key: `${fold.layers[0].index}: ${fold.name}`,
    isFolded: isLong && fold.name !== "" && i > 0 && i < found.length - 1,
  }));
}
