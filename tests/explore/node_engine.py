"""The page's engine, run by node: the very scripts of the page, joined as there."""

import base64
import json
import os
import shutil
import subprocess

import numpy as np
import pytest

from cnnkit.explore._arrays import as_text
from cnnkit.explore._page import join_scripts
from cnnkit.explore._snapshot import with_text

ENGINE = ("snapshot.js", "engine_values.js", "engine_maps.js", "engine.js")
RUN = """
import { readFileSync, writeFileSync } from "node:fs";
const asText = (values) =>
  Buffer.from(values.buffer, values.byteOffset, values.byteLength).toString("base64");
const [source, target] = process.argv.slice(2);
const results = JSON.parse(readFileSync(source, "utf8")).map((raw) => {
  const snapshot = readSnapshot(raw);
  const values = forward(snapshot.layers, pictureOf(snapshot, 0));
  return resultOf(snapshot.layers, values);
});
writeFileSync(target, JSON.stringify(results));
"""
ALL_VALUES = "const resultOf = (layers, values) => values.map(asText);"


def need_node():
    """The path of node. Without it a test is skipped; where it must be there, it fails."""
    found = shutil.which("node")
    if not found and os.environ.get("CNNKIT_NEEDS_NODE"):
        pytest.fail("node is missing: install Node.js 18 or newer")
    return found or pytest.skip("there is no node: install Node.js 18 or newer")


def run_engine(networks, folder, change=lambda code: code):
    """What each layer of some networks gives for one image.

    Args:
        networks: Pairs `(layers, image)`, as `_snapshot.network` gives the first, and an array.
        folder: For the files that node reads and writes.
        change: A function that changes the code of the engine.

    Returns:
        For each network a list of float32 arrays, one for each layer.
    """
    results = run_in_page(networks, folder, change(join_scripts(ENGINE)) + ALL_VALUES)
    return [
        [decode(text, layer["shape"]) for text, layer in zip(result, layers, strict=True)]
        for result, (layers, _) in zip(results, networks, strict=True)
    ]


def run_in_page(networks, folder, code):
    """What a function `resultOf(layers, values)` in JavaScript gives for some networks."""
    node, script = need_node(), folder / "engine.mjs"
    script.write_text(code + RUN, encoding="utf-8")
    snapshots = [
        {"layers": with_text(layers), "images": as_text(image[None])} for layers, image in networks
    ]
    source, target = folder / "networks.json", folder / "results.json"
    source.write_text(json.dumps(snapshots), encoding="utf-8")
    done = subprocess.run([node, script, source, target], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return json.loads(target.read_text(encoding="utf-8"))


def decode(text, shape):
    return np.frombuffer(base64.b64decode(text), "<f4").reshape(shape)
