"""The package's reference: a page for each public name, from its docstring.

For Sphinx this is an extension too: `setup` is called by it, the rest by build.py.
"""

import importlib
import inspect
import re

from making.drawings import drawings

ROOMS = (
    *("data", "models", "layers", "reference", "geometry"),
    *("explain", "study", "viz", "explore", "exercises"),
)
SECTIONS = [
    ("Call arguments", "params_style"),
    ("Output shape", "example"),
    ("Input shape", "example"),
]


def write_reference(folder):
    """Write the sources of the reference, with a picture where an example draws one."""
    place = folder / "reference"
    place.mkdir()
    (place / "index.rst").write_text(overview(), "utf-8")
    names = {f"{room}.{name}": thing for room in ROOMS for name, thing in public(room)}
    drawn = drawings(names, folder)
    for room in ROOMS:
        (place / room).mkdir()
        (place / room / "index.rst").write_text(room_page(room), "utf-8")
        for name, thing in public(room):
            page = name_page(room, name, thing, drawn.get(f"{room}.{name}", []))
            (place / room / f"{name}.rst").write_text(page, "utf-8")


def places():
    """From a public name to its place in the reference."""
    return {name: f"{room}/{name}" for room in ROOMS for name, _ in public(room)}


def public(room):
    """The public names of a room, with what they stand for."""
    module = importlib.import_module(f"cnnkit.{room}")
    return [(name, getattr(module, name)) for name in module.__all__]


def first_line(thing):
    """The first paragraph of a docstring, as one line."""
    return " ".join((inspect.getdoc(thing) or "").partition("\n\n")[0].split())


def overview():
    """The first page: all rooms, with their names."""
    lines = [heading("Reference", "=")]
    lines.append(
        "What ``import cnnkit`` gives. Each part is a module: ``from cnnkit import explain``, then "
        "``explain.grad_cam(…)``. Each name has a page with its arguments, results and errors.\n"
    )
    for room in ROOMS:
        lines.append(heading(f":doc:`{room} <{room}/index>`", "-"))
        lines.append(first_line(importlib.import_module(f"cnnkit.{room}")) + "\n")
        links = (f":doc:`{name} <{room}/{name}>`" for name, _ in public(room))
        lines.append(" · ".join(links) + "\n")
    rooms = "\n".join(f"   {room}/index" for room in ROOMS)
    lines.append(f".. toctree::\n   :hidden:\n\n{rooms}\n")
    return "\n".join(lines)


def room_page(room):
    """The page of a room: what it is for, and its names with their first lines."""
    module = importlib.import_module(f"cnnkit.{room}")
    lines = [heading(f"cnnkit.{room}", "="), f".. py:module:: cnnkit.{room}\n"]
    lines += [
        inspect.getdoc(module) + "\n",
        ".. list-table::\n   :widths: 35 65\n   :class: names\n",
    ]
    for name, thing in public(room):
        lines.append(f"   * - :doc:`{name} <{name}>`\n     - {first_line(thing)}")
    names = "\n".join(f"   {name} <{name}>" for name, _ in public(room))
    lines.append(f"\n.. toctree::\n   :hidden:\n\n{names}\n")
    return "\n".join(lines)


def name_page(room, name, thing, pictures):
    """The page of a name."""
    kind = "autoclass" if inspect.isclass(thing) else "autofunction"
    lines = [heading(name, "="), f".. py:currentmodule:: cnnkit.{room}\n"]
    lines.append(f".. {kind}:: cnnkit.{room}.{name}")
    if inspect.isclass(thing):
        lines.append("   :members:")
    lines.append("")
    for picture in pictures:
        lines.append(f".. raw:: html\n\n   {picture}\n")
    return "\n".join(lines)


def heading(text, sign):
    return f"{text}\n{sign * (len(text) + 2)}\n"


def literal_code(app, what, name, thing, options, lines):
    """Docstrings have Markdown's backticks: what holds more than a name is code, no reference."""
    text = re.sub(r"(?<![`:\w])`((?:[^`\n]|\n(?!\s*\n))+)`(?!`)", _as_role, "\n".join(lines))
    lines[:] = text.split("\n")


def _as_role(found):
    inside = " ".join(found[1].split())
    return f"`{inside}`" if re.fullmatch(r"[A-Za-z_][\w.]*", inside) else f"``{inside}``"


def own_signature(app, what, name, thing, options, signature, returned):
    """The signature of a class is that of its `__init__`: Keras hides it behind one of its own."""
    if what != "class" or "__init__" not in vars(thing):
        return None
    own = inspect.signature(thing.__init__)
    arguments = [
        argument.replace(annotation=inspect.Parameter.empty)
        for name, argument in own.parameters.items()
        if name != "self"
    ]
    return str(inspect.Signature(arguments)), None


def setup(app):
    app.connect("autodoc-process-docstring", literal_code)
    app.connect("autodoc-process-signature", own_signature)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
