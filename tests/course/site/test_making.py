"""The parts that make the site, each alone."""

import html
import json
import os
from pathlib import Path

import pytest
from making import chapters, execution, glossary, links, pictures, reference, texts

ROOT = Path(__file__).resolve().parents[3]
PNG = "iVBORw0KGgo="


@pytest.fixture
def executed(tmp_path, monkeypatch):
    """Where executed notebooks are looked for, and one that nobody has executed."""
    monkeypatch.setattr(execution, "EXECUTED", tmp_path / "executed")
    (tmp_path / "executed").mkdir()
    notebook = tmp_path / "a.ipynb"
    cell = {"cell_type": "code", "source": "1", "metadata": {}, "outputs": []}
    notebook.write_text(json.dumps({"cells": [cell], "metadata": {}}), "utf-8")
    return notebook


def test_only_what_was_executed_without_photos_is_taken(executed, tmp_path):
    copy = tmp_path / "executed/a.ipynb"
    assert not execution.is_executed(executed)
    copy.write_text(executed.read_text("utf-8"), "utf-8")  # as `course.py run` leaves it
    assert not execution.is_executed(executed)
    execution.mark(executed)
    assert execution.is_executed(executed)
    executed.write_text(executed.read_text("utf-8").replace('"1"', '"2"'), "utf-8")
    assert not execution.is_executed(executed)


def test_notebooks_see_neither_photos_nor_the_network(executed, monkeypatch):
    seen = {}

    def look(python, notebooks, folder):
        seen.update(os.environ)
        (folder / "a.ipynb").write_text(executed.read_text("utf-8"), "utf-8")
        return {book: "ok, 0 s" for book in notebooks}

    monkeypatch.setattr(execution.course, "find_notebooks", lambda names: [executed])
    monkeypatch.setattr(execution.course, "execute_all", look)
    for name in ("PYTHONPATH", "CNNKIT_CACHE", "KERAS_HOME"):  # they come back after the test
        monkeypatch.setenv(name, "x")
    monkeypatch.setenv("CNNKIT_DATA", "/photos")
    assert execution.executed([]) == [execution.EXECUTED / "a.ipynb"]
    assert "CNNKIT_DATA" not in seen and Path(seen["PYTHONPATH"], "sitecustomize.py").exists()
    assert "offline" in seen["CNNKIT_CACHE"] and "offline" in seen["KERAS_HOME"]


@pytest.mark.parametrize("kind, refused", [("drawn pets", False), ("224x224 pixels", True)])
def test_photos_in_an_output_are_noticed(tmp_path, kind, refused):
    copy = tmp_path / "a.ipynb"
    copy.write_text(f'"<PhotoSplits: 600 train; cat and dog; {kind}>"', "utf-8")
    assert execution.shows_photos(copy) == refused


def test_a_failed_notebook_ends_it(executed, monkeypatch):
    monkeypatch.setattr(execution.course, "find_notebooks", lambda names: [executed])
    monkeypatch.setattr(execution, "shut_off", lambda: None)
    monkeypatch.setattr(
        execution.course, "execute_all", lambda *given: {executed: "FAILED with X, 1 s"}
    )
    with pytest.raises(SystemExit, match="a: FAILED with X"):
        execution.executed([])


def test_no_word_is_left_out_of_the_glossary_in_vain():
    books = [json.loads(path.read_text("utf-8")) for path in ROOT.glob("notebooks/*.ipynb")]
    texts = ["".join(cell["source"]) for book in books for cell in book["cells"]]
    bold = {" ".join(found.split()) for text in texts for found in glossary.BOLD.findall(text)}
    assert sorted(glossary.NO_TERMS - bold) == []


def test_a_term_is_marked_once_and_comes_with_its_sentence():
    terms = []
    source = "Before. **Padding** is a border. It **is 2** wide.\n\n- `**no**`, a **Padding** again"
    text = glossary.marked(source, "02_x.ipynb", terms)
    assert text.count("{#term-02-padding}") == 1 and "`**no**`" in text
    assert terms[0] == ("Padding", "**Padding** is a border.", "02_x.ipynb", "term-02-padding")


def test_a_sentence_that_points_back_comes_with_the_one_before():
    terms = []
    glossary.marked("One. Two is a thing. It is a **stride**. Four.", "03_x.ipynb", terms)
    assert terms[0][1] == "Two is a thing. It is a **stride**."
    glossary.marked("They are three. **Channels**.", "03_x.ipynb", terms)
    assert terms[1][1] == "They are three. **Channels**."


def test_a_sentence_that_leads_to_a_formula_comes_with_it():
    terms = []
    glossary.marked("**Mean** is this:\n\n$$ a * b . $$\n\nNext.", "03_x.ipynb", terms)
    assert terms[0][1] == "**Mean** is this: $a * b .$"


def test_links_lead_to_pages_to_the_repository_or_nowhere(monkeypatch):
    text = "[a](../../notebooks/02_convolution.ipynb) [b](../../LICENSE) [c](https://x.org)"
    page = Path("notebooks/02_convolution.ipynb")
    here = Path("docs/instructors/02.md")
    monkeypatch.setattr(links, "repository", lambda: "")
    assert links.as_pages(text, here, {page}) == (
        "[a](../notebooks/02_convolution.ipynb) b [c](https://x.org)"
    )
    monkeypatch.setattr(links, "repository", lambda: "https://github.com/a/b")
    assert "[b](https://github.com/a/b/blob/main/LICENSE)" in links.as_pages(text, here, {page})
    assert links.as_pages("[Colab](https://x.org/OWNER/a)", here, {page}) == "Colab"


def test_there_is_a_button_for_colab_where_there_is_an_address(monkeypatch, tmp_path):
    chapter = chapters.Chapter("02_x.ipynb", tmp_path, set(), for_book=False)
    monkeypatch.setattr(chapters, "repository", lambda: "")
    assert "colab" not in chapter.ways()
    monkeypatch.setattr(chapters, "repository", lambda: "https://github.com/a/b")
    assert "colab.research.google.com/github/a/b/blob/main/notebooks/02_x.ipynb" in chapter.ways()


def test_pictures_become_files(tmp_path):
    image = f'<img src="data:image/png;base64,{PNG}" alt="A cat" width="5">'
    frame = '<iframe title="x" srcdoc="&lt;p&gt;" style="">no</iframe>'
    page = pictures.as_files(image + frame, tmp_path)
    assert 'alt="A cat"' in page and "base64" not in page and "srcdoc" not in page
    assert len([path for path in tmp_path.glob("_static/*/*") if path.is_file()]) == 2


def test_a_book_has_the_first_picture_of_an_animation(tmp_path):
    inner = html.escape(f'<img id="picture" src="data:image/png;base64,{PNG}" alt="A">')
    frame = f'<iframe title="x" srcdoc="{inner}">no</iframe>'
    assert 'alt="A"' in pictures.as_files(frame, tmp_path, for_book=True)


def test_what_is_printed_is_shown_as_a_reader_wants_it():
    text = f"\r50 %\r100 %\r   \rdone\n{ROOT}/data/x.h5\nx could not be downloaded\n"
    assert chapters.as_read(text) == "done\ndata/x.h5\n"


def test_a_progress_bar_in_pieces_is_gone():
    pieces = ["\r50 %", "\r100 %", "\r     \r", "done\n"]
    printed = [{"output_type": "stream", "name": "stdout", "text": piece} for piece in pieces]
    picture = {"output_type": "display_data", "data": {}}
    first, shown, last = chapters.joined([*printed, picture, printed[-1]])
    assert chapters.as_read(first["text"]) == last["text"] == "done\n" and shown == picture


def test_texts_for_a_terminal_keep_their_signs():
    assert chapters.plain("2 * 3 * 4, `a * b`, x_1 <i>") == "2 \\* 3 \\* 4, `a * b`, x\\_1 \\<i\\>"


def test_backticks_of_docstrings_become_code_or_a_name():
    lines = ["`a` of shape `(n,", "    height)`, ``b``"]
    reference.literal_code(None, "", "", None, None, lines)
    assert lines == ["`a` of shape ``(n, height)``, ``b``"]


def test_a_name_in_a_guide_leads_to_the_reference_once():
    text = "# `grad_cam`\n`explain.grad_cam`, `grad_cam`, `x`, [`occlusion`](a.md)"
    names = {"grad_cam": "explain/grad_cam", "occlusion": "explain/occlusion"}
    found = texts.with_reference(text, names)
    assert found.count("reference/") == 1
    assert "[`explain.grad_cam`](../reference/explain/grad_cam.rst)" in found
