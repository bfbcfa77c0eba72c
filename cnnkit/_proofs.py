"""Proofs: cells of a notebook that begin with `# @title Proof: …` and assert what the text says.

A proof may fail where somebody has changed a number of the notebook. Then it says so in one
sentence, and the notebook runs on. Where `$CNNKIT_PROOFS` is "strict", as in tests, it raises.
"""

import ast
import sys
import textwrap

from cnnkit._places import proofs_are_strict

_TITLE = "@title Proof: "
_ATTEMPT = """
try:
    pass
except Exception:
    __import__("cnnkit._proofs", fromlist=["tell"]).tell({!r})
"""


def let_proofs_tell(shell):
    """Have the proofs in an IPython shell tell that they fail; asking twice changes nothing."""
    if _keep_title not in shell.input_transformers_post:
        shell.input_transformers_post.append(_keep_title)
        shell.ast_transformers.append(_Attempt())


def tell(name):
    """Say in one sentence which proof has failed, and how. To be called where it is caught."""
    error = sys.exception()
    said = textwrap.shorten(str(error), 300)
    if isinstance(error, AssertionError):
        said = f" ({said})" if said else ""
        end = f"does not hold here: the text's numbers are for the notebook's own settings{said}."
    else:
        end = (
            f"could not be done: {type(error).__name__}: {said}. The text's numbers are for the "
            "notebook's own settings, with all cells above it run."
        )
    print(textwrap.fill(f'The proof "{name}" {end}', 90))  # JupyterLab would break lines in words


def _keep_title(lines):
    """Make a proof's title, a comment, a string, which the syntax tree keeps. No line moves."""
    if lines and lines[0].startswith(f"# {_TITLE}") and not proofs_are_strict():
        return [f"{lines[0][2:].strip()!r}\n", *lines[1:]]
    return lines


class _Attempt(ast.NodeTransformer):
    """Puts all that a proof does into a `try`."""

    def visit_Module(self, tree):
        match tree.body:
            case [ast.Expr(ast.Constant(str(title))), *proof] if title.startswith(_TITLE):
                tree.body = ast.parse(_ATTEMPT.format(title.removeprefix(_TITLE))).body
                tree.body[0].body += proof
        return tree
