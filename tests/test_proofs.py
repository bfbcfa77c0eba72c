"""Proofs in a real kernel. Keras is a stand-in here: proofs have nothing to do with it."""

import os

import nbformat
import pytest
from nbclient import NotebookClient

CELLS = {
    "setup": "%reload_ext cnnkit",
    "again": "%reload_ext cnnkit\nip = get_ipython()\n"
    "print(len(ip.ast_transformers), len(ip.input_transformers_post))",
    "holds": "# @title Proof: Two is even\nimport math\nassert 2 % 2 == 0\nprint('checked')",
    "later": "print(math.pi > 3)",
    "fails": '# @title Proof: It\'s a "square"\nsides = 2, 3\nassert sides[0] == sides[1]',
    "message": "# @title Proof: Sides\n%pwd\nfor a in sides:\n    assert a == 2, f'{a} is not 2'",
    "long": "# @title Proof: Long\nassert False, 200 * 'word\\n'",
    "name": "# @title Proof: Nothing\nassert nothing == 1",
    "value": "# @title Proof: A number\nassert int('two') == 2",
    "magic": "# @title Proof: Magic\n%timeit -n1 -r1 assert 1 == 2, 'not one'",
    "stopped": "# @title Proof: Stopped\nraise KeyboardInterrupt",
    "wrong": "# @title Proof: Wrong\nassert =",
    "plain": "# @title Something else\nassert 1 == 2",
    "text": "'Proof: no proof'\nassert 1 == 2",
    "strict": "import os\nos.environ['CNNKIT_PROOFS'] = 'strict'",
    "raises": "# @title Proof: Strict\nassert 1 == 2, 'no'",
    "loose": "os.environ['CNNKIT_PROOFS'] = 'off'",
    "empty": "# @title Proof: Nothing to do",
    "end": "# @title Proof: Only an expression\n1 / 0",
}


@pytest.fixture(scope="module")
def said(tmp_path_factory):
    """What each cell says: what it prints, or the name and text of an error it ends in."""
    folder = tmp_path_factory.mktemp("stand-in")
    (folder / "keras.py").touch()
    cells = [nbformat.v4.new_code_cell(code) for code in CELLS.values()]
    notebook = nbformat.v4.new_notebook(cells=cells)
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("CNNKIT_PROOFS")
        patch.setenv("PYTHONPATH", str(folder), prepend=os.pathsep)
        NotebookClient(notebook, timeout=60, allow_errors=True).execute()
    outputs = [cell.outputs for cell in notebook.cells]
    return dict(zip(CELLS, map(text_of, outputs), strict=True))


def text_of(outputs):
    errors = [f"{o['ename']}: {o['evalue']}" for o in outputs if "ename" in o]
    printed = "".join(o.get("text", "") or o.get("data", {}).get("text/plain", "") for o in outputs)
    assert all(len(line) <= 90 for line in printed.splitlines())
    return " ".join([*printed.split(), *errors])


OWN = "does not hold here: the text's numbers are for the notebook's own settings"


def test_a_proof_that_holds_runs_as_any_cell_does(said):
    assert said["holds"] == "checked" and said["empty"] == ""
    assert said["later"] == "True"


def test_loading_the_extension_again_changes_nothing(said):
    assert (said["setup"], said["again"]) == ("", "1 1")


def test_a_proof_that_fails_says_which_and_why_in_a_sentence(said):
    assert said["fails"] == f'The proof "It\'s a "square"" {OWN}.'
    assert said["message"] == f'The proof "Sides" {OWN} (3 is not 2).'
    assert said["long"].startswith(f'The proof "Long" {OWN} (word word')
    assert said["long"].endswith(" [...]).") and len(said["long"]) < 420


def test_other_errors_are_told_as_what_they_are(said):
    assert said["name"].startswith(
        "The proof \"Nothing\" could not be done: NameError: name 'nothing' is not defined. The "
    )
    assert "could not be done: ValueError: invalid literal" in said["value"]
    assert "could not be done: ZeroDivisionError: division by zero." in said["end"]


def test_magics_work_in_a_proof(said):
    assert said["magic"] == f'The proof "Magic" {OWN} (not one).'


def test_what_is_no_failed_proof_is_left_alone(said):
    assert said["stopped"].startswith("KeyboardInterrupt")
    assert said["wrong"].startswith("SyntaxError")
    assert said["plain"].startswith("AssertionError") and said["text"].startswith("AssertionError")


def test_strict_proofs_raise(said):
    assert said["raises"] == "AssertionError: no"
