"""Give all notebooks the same metadata and setup cell, and them and README the project's address.

The address stands in pyproject.toml alone; `python3 course.py format` carries it on with this. It
needs Python and nothing else, because propose_address.py calls it on a bare machine.
"""

import json
import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
COLAB = r"Open in Colab\]\(https://colab\.research\.google\.com/github/([^/]+/[^/]+)/blob"
METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}
NO_ADDRESS = r"(?s)<!-- no address yet -->\n.*?<!-- end of: no address yet -->\n+"  # in README


def with_address(text, address):
    """Name this repository wherever a text names the one to which its Open in Colab leads."""
    for other in set(re.findall(COLAB, text)):
        text = re.sub(rf"(github(?:\.com)?/){re.escape(other)}(?![\w-])", rf"\g<1>{address}", text)
    return text


def refresh_readme(path, address):
    """Rewrite README; it speaks of a missing address only until there is one."""
    text = with_address(path.read_text(encoding="utf-8"), address)
    if not address.startswith("OWNER/"):
        text = re.sub(NO_ADDRESS, "", text)
    path.write_text(text, encoding="utf-8", newline="\n")


def is_setup(cell):
    return "setup" in cell["metadata"].get("tags", [])


def setup_cell(template, address):
    """The template's setup cell, which installs from this repository: its source and metadata."""
    (cell,) = filter(is_setup, json.loads(template.read_text(encoding="utf-8"))["cells"])
    source = "".join(cell["source"])
    source = re.sub(r'(repository = "https://github.com/)[^"]*', rf"\g<1>{address}", source)
    return {"source": source, "metadata": cell["metadata"]}


def refresh_notebook(path, address, setup):
    """Rewrite a notebook as nbformat does; its link to Colab leads to itself."""
    notebook = json.loads(with_address(path.read_text(encoding="utf-8"), address))
    notebook["metadata"] = METADATA
    place = path.relative_to(ROOT).as_posix()
    for cell in notebook["cells"]:
        if is_setup(cell):
            cell.update(setup)
        text = "".join(cell["source"])
        text = re.sub(r"(Open in Colab\].*?/blob/main/)[^)]*", rf"\g<1>{place}", text)
        cell["source"] = text.splitlines(keepends=True)
    text = json.dumps(notebook, ensure_ascii=False, indent=1, sort_keys=True)
    path.write_text(f"{text}\n", encoding="utf-8", newline="\n")


def refresh():
    """Carry the address in pyproject.toml into README and all notebooks."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    address = project["urls"]["Repository"].removeprefix("https://github.com/")
    refresh_readme(ROOT / "README.md", address)
    setup = setup_cell(ROOT / "docs/template.ipynb", address)
    docs = [*ROOT.glob("docs/*.ipynb"), *ROOT.glob("docs/explorer/*.ipynb")]
    for path in [*ROOT.glob("notebooks/*.ipynb"), *docs]:
        refresh_notebook(path, address, setup)


if __name__ == "__main__":
    refresh()
