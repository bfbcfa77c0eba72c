"""Give every notebook the same metadata, and the notebooks and the README the project's address.

The address stands in pyproject.toml alone; `python3 course.py format` carries it on with this.
"""

import re
import tomllib
from pathlib import Path

import nbformat

ROOT = Path(__file__).resolve().parents[1]
COLAB = r"colab\.research\.google\.com/github/([^/]+/[^/]+)/blob"
METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}


def with_address(text, others, address):
    """Name another repository wherever a text names one of these."""
    for other in others:
        text = re.sub(rf"(github(?:\.com)?/){re.escape(other)}\b", rf"\g<1>{address}", text)
    return text


def refresh(path, address):
    """Rewrite a notebook; its link to Colab leads to itself, its setup cell to the repository."""
    place = path.relative_to(ROOT).as_posix()
    notebook = nbformat.read(path, as_version=4)
    notebook.metadata = nbformat.from_dict(METADATA)
    others = {other for cell in notebook.cells for other in re.findall(COLAB, cell.source)}
    for cell in notebook.cells:
        text = with_address(cell.source, others, address)
        text = re.sub(r"(Open in Colab\].*?/blob/main/)[^)]*", rf"\g<1>{place}", text)
        pattern = r'(repository = "https://github.com/)[^"]*'
        cell.source = re.sub(pattern, rf"\g<1>{address}", text)
    nbformat.write(notebook, path)


if __name__ == "__main__":
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    address = project["urls"]["Repository"].removeprefix("https://github.com/")
    for readme in ROOT.glob("README.md"):
        text = readme.read_text(encoding="utf-8")
        text = with_address(text, set(re.findall(COLAB, text)), address)
        readme.write_text(text, encoding="utf-8", newline="\n")
    for path in [*ROOT.glob("notebooks/*.ipynb"), *ROOT.glob("docs/*.ipynb")]:
        refresh(path, address)
