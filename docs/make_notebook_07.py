"""Make the picture of the README from an executed notebook 07.

    python3 course.py run 07
    .venv/bin/python docs/make_notebook_07.py build/course/07*.ipynb

It takes the study and the answer for scikit-image's cat; photos of the training set stay out.
"""

import base64
import io
import json
import sys
from pathlib import Path

from PIL import Image

HEIGHT = 300
WANTED = ("# @title Drawing: six ways", "viz.plot_attributions(pixels")


def picture_of(cells, text):
    """The picture that the one cell with `text` in its source has drawn."""
    (cell,) = [cell for cell in cells if text in "".join(cell["source"])]
    png, *_ = [o["data"]["image/png"] for o in cell["outputs"] if "image/png" in o.get("data", {})]
    picture = Image.open(io.BytesIO(base64.b64decode(png))).convert("RGB")
    return picture.resize((round(picture.width * HEIGHT / picture.height), HEIGHT))


def main(notebook):
    cells = json.loads(Path(notebook).read_text(encoding="utf-8"))["cells"]
    cells = [cell for cell in cells if cell["cell_type"] == "code"]
    pictures = [picture_of(cells, text) for text in WANTED]
    row = Image.new("RGB", (sum(p.width for p in pictures), HEIGHT), "white")
    left = 0
    for picture in pictures:
        row.paste(picture, (left, 0))
        left += picture.width
    row.save(Path(__file__).with_name("images") / "notebook_07.png", optimize=True)


if __name__ == "__main__":
    main(sys.argv[1])
