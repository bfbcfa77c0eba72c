"""The rooms of the package: who imports whom, what is private, and a test file for each module.

Each check takes `sources`, a dictionary from the name of a module to its code, and returns a list
of complaints. `BROKEN` shows each check a made-up fault, so that no check passes whatever it gets.
"""

import ast
import functools
import graphlib
import re
from pathlib import Path

import pytest

import cnnkit

ROOT = Path(__file__).resolve().parents[2]
STAIRS = (  # a room imports from those further down only
    {"exercises"},
    {"viz", "explore"},
    {"study", "explain"},
    {"models", "geometry"},
    {"layers"},
    {"reference", "data"},
)
LEVELS = {room: level for level, rooms in enumerate(STAIRS) for room in rooms}
SHARED = {"_checks", "_keras", "_layers", "_places", "_proofs", "_tables"}  # modules for all rooms
KERAS_PRIVATE = {
    *("_flatten_layers", "_functional", "_inbound_nodes", "_layers", "_nodes_by_depth"),
    *("_operations", "train_function"),  # the latter is public by its name only
}
TENSORFLOW_LOG = "os.environ.setdefault('TF_CPP_MIN_LOG_LEVEL', '3')"  # all that may be written
NAMEDTUPLE_PUBLIC = {"_asdict", "_fields", "_make", "_replace"}


def module_of(path):
    """The name of the module in a file, as "cnnkit.data" for `cnnkit/data/__init__.py`."""
    parts = path.with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


FILES = [path.relative_to(ROOT) for path in sorted((ROOT / "cnnkit").rglob("*.py"))]
SOURCES = {module_of(path): (ROOT / path).read_text(encoding="utf-8") for path in FILES}


def room_of(module):
    """The room that a module of the package is in, or is; a shared module is its own."""
    return module.split(".")[1] if "." in module else ""


parse = functools.cache(ast.parse)  # for each check the same trees, which none of them changes


def trees(sources):
    return [(name, parse(code)) for name, code in sources.items()]


@functools.cache
def walk(tree):
    """All nodes of a tree."""
    return [*ast.walk(tree)]


def imported(nodes, sources):
    """What is imported from the package in these nodes, as pairs of module and name or None."""
    for node in nodes:
        if isinstance(node, ast.Import):
            pairs = [(alias.name, None) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, "the package has no relative imports"
            pairs = [(node.module, alias.name) for alias in node.names]
        else:
            continue
        for module, name in pairs:
            if f"{module}.{name}" in sources:  # from cnnkit import data
                module, name = f"{module}.{name}", None
            if module.split(".")[0] == "cnnkit":
                yield module, name


def run_at_import(tree):
    """The nodes of a module but those in functions, which run later."""
    todo = [tree]
    while todo:
        node = todo.pop()
        yield node
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            todo += ast.iter_child_nodes(node)


# The checks


def circles(sources):
    """No two modules need each other when they are imported."""
    needs = {
        name: {module for module, _ in imported(run_at_import(tree), sources)} & set(sources)
        for name, tree in trees(sources)
    }
    try:
        graphlib.TopologicalSorter(needs).prepare()
    except graphlib.CycleError as error:
        return ["a circle: " + " -> ".join(error.args[1])]
    return []


def upwards(sources):
    """A room imports from rooms further down the stairs only, in functions too."""
    complaints = []
    for name, tree in trees(sources):
        own = room_of(name)
        for module, _ in imported(walk(tree), sources):
            other = room_of(module)
            if other == own or other in SHARED:
                continue
            if LEVELS.get(other, 0) <= LEVELS.get(own, len(STAIRS)):
                complaints.append(f"{name} imports {module}")
    return complaints


def foreign_privates(sources):
    """No underscore of another room is imported but the shared modules, and of these no name."""
    complaints = []
    for name, tree in trees(sources):
        for module, thing in imported(walk(tree), sources):
            if room_of(module) == room_of(name):
                continue
            inside = [*module.split(".")[2:], thing or ""]
            if room_of(module) not in {*LEVELS, *SHARED, ""} or any(p[:1] == "_" for p in inside):
                complaints.append(f"{name} imports {'.'.join([module, *inside[-1:]])}")
    return complaints


def foreign_attributes(sources):
    """`thing._name` only on objects of the own room; Keras's private names in `_keras` alone."""
    defined = {}
    for name, tree in trees(sources):
        defined.setdefault(room_of(name), set()).update(private_definitions(tree))
    complaints = []
    for name, tree in trees(sources):
        if name == "cnnkit._keras":
            continue
        allowed = defined[room_of(name)] | NAMEDTUPLE_PUBLIC
        own = KERAS_PRIVATE & {node.attr for node in walk(tree) if sets_own(node)}
        for node in walk(tree):
            used = attribute_name(node)
            if used in KERAS_PRIVATE:
                good = is_own(node) and used in own
            else:
                good = is_own(node) or used in allowed or not re.match(r"_(?!_)", used)
            complaints += [] if good else [f"{name} uses .{used}"]
            if isinstance(node, ast.FunctionDef) and node.name in KERAS_PRIVATE:
                complaints.append(f"{name} overrides {node.name}")
            if isinstance(node, ast.ImportFrom) and node.module.startswith("keras.src"):
                complaints.append(f"{name} imports {node.module}")
    return complaints


def attribute_name(node):
    """The attribute that a node takes from something, by a dot or by `getattr` and its like."""
    if isinstance(node, ast.Attribute):
        return node.attr
    asks = isinstance(node, ast.Call) and getattr(node.func, "id", "") in (
        *("getattr", "setattr", "hasattr", "delattr"),
    )
    named = asks and len(node.args) > 1 and isinstance(node.args[1], ast.Constant)
    return str(node.args[1].value) if named else ""


def is_own(node):
    """Whether an attribute is that of `self` or `cls`."""
    return isinstance(node, ast.Attribute) and getattr(node.value, "id", "") in ("self", "cls")


def sets_own(node):
    return is_own(node) and isinstance(node.ctx, ast.Store)


def private_definitions(tree):
    """What a module defines with an underscore: functions, classes, fields, attributes of self."""
    for node in walk(tree):
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            yield node.name
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id
        elif sets_own(node):
            yield node.attr


def environment(sources):
    """The environment is read in `_places` alone, and written nowhere but for TensorFlow's log."""
    complaints = []
    for name, tree in trees(sources):
        calls = [node for node in walk(tree) if isinstance(node, ast.Call)]
        calls = [node for node in calls if getattr(node.func, "attr", "") == "setdefault"]
        allowed = [node.func for node in calls if ast.unparse(node) == TENSORFLOW_LOG]
        for node in walk(tree):
            written = writes_environment(node) and node not in allowed
            read = names_environment(node) and name != "cnnkit._places"
            if read or written:
                complaints.append(f"{name}, line {node.lineno}: {'writes' if written else 'reads'}")
    return complaints


def names_environment(node):
    """Whether a node is `os.environ`, `os.getenv`, or imports them under whatever name."""
    names = {getattr(node, "attr", "")}
    if isinstance(node, ast.ImportFrom) and node.module == "os":
        names = {alias.name for alias in node.names}
    return bool(names & {"environ", "getenv", "environb", "putenv", "unsetenv"})


def writes_environment(node):
    if isinstance(node, ast.Subscript):  # os.environ["X"] = "y", and del
        return names_environment(node.value) and not isinstance(node.ctx, ast.Load)
    if isinstance(node, ast.AugAssign):
        return names_environment(node.target)
    if isinstance(node, ast.Attribute) and names_environment(node.value):
        return node.attr in ("update", "setdefault", "pop", "popitem", "clear")
    return getattr(node, "attr", "") in ("putenv", "unsetenv")


def public_modules(sources):
    """Module files are private; a room's `__init__` says what is public."""
    rooms = {module.rpartition(".")[0] for module in sources}  # what has modules is a folder
    rooms |= {f"cnnkit.{room}" for room in LEVELS}
    names = [name for name in sources if name != "cnnkit" and name not in rooms]
    good = re.compile(r"cnnkit\.exercises\.nb\d\d[a-z]?|cnnkit\.(\w+\.)*_\w+")
    return [f"{name} is not private" for name in names if not good.fullmatch(name)]


CHECKS = (circles, upwards, foreign_privates, foreign_attributes, environment, public_modules)


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_the_package_is_in_order(check):
    assert check(SOURCES) == []


GOOD = {
    "cnnkit": "import importlib",
    "cnnkit._places": "import os\nfolder = os.environ.get('CNNKIT_DATA') or os.environ['HOME']",
    "cnnkit._keras": "def find(model):\n    return model._functional._nodes_by_depth",
    "cnnkit._layers": "from cnnkit._keras import find",
    "cnnkit.data": "from cnnkit.data._digits import load_digits",
    "cnnkit.data._digits": "from cnnkit._places import folder\ndef load_digits(): pass",
    "cnnkit.explain": "from cnnkit.explain._trace import trace",
    "cnnkit.explain._trace": "class Trace:\n"
    "    def __init__(self):\n        self._memo, self._layers = {}, []\n"
    "from cnnkit import data\ndef trace(): return Trace()._memo",
    "cnnkit.viz": "from cnnkit.viz._images import plot_images",
    "cnnkit.viz._images": "import matplotlib\nfrom cnnkit.explain import trace\n"
    "def plot_images(ax): from cnnkit.data import load_digits\n",
    "cnnkit.exercises": "",
    "cnnkit.exercises._exercise": "",
    "cnnkit.exercises.nb01": "from cnnkit.exercises._exercise import Exercise",
}
BROKEN = [
    (circles, "cnnkit.data._digits", "import cnnkit.data"),
    (circles, "cnnkit.data._digits", "from cnnkit.data import _digits"),
    (circles, "cnnkit._keras", "try:\n    from cnnkit import _layers\nexcept ImportError: pass"),
    (upwards, "cnnkit.data._digits", "from cnnkit import viz"),
    (upwards, "cnnkit.data._digits", "from cnnkit.reference import conv2d"),
    (upwards, "cnnkit.data._digits", "import cnnkit"),
    (upwards, "cnnkit.explain._trace", "def late():\n    from cnnkit.viz._images import x"),
    (upwards, "cnnkit.explain._trace", "from cnnkit.study import run_study"),
    (upwards, "cnnkit.viz._images", "import cnnkit.exercises.nb01"),
    (upwards, "cnnkit._layers", "from cnnkit.data import load_digits"),
    (upwards, "cnnkit", "from cnnkit import data"),
    (foreign_privates, "cnnkit.viz._images", "from cnnkit.data._digits import load_digits"),
    (foreign_privates, "cnnkit.viz._images", "from cnnkit.data import _digits"),
    (foreign_privates, "cnnkit.viz._images", "import cnnkit.data._digits as digits"),
    (foreign_privates, "cnnkit.viz._images", "def f(): from cnnkit.explain import _trace"),
    (foreign_privates, "cnnkit.viz._images", "from cnnkit._places import _folder"),
    (foreign_privates, "cnnkit.viz._images", "from cnnkit._tricks import trick"),
    (foreign_attributes, "cnnkit.viz._images", "def f(trace): return trace._memo"),
    (foreign_attributes, "cnnkit.viz._images", "def f(ax): return ax._children"),
    (foreign_attributes, "cnnkit.viz._images", "from cnnkit import data\ndata._digits.x()"),
    (foreign_attributes, "cnnkit.viz._images", "def f(x): return getattr(x, '_children', 0)"),
    (foreign_attributes, "cnnkit.explain._trace", "def f(x): return x._flatten_layers()"),
    (foreign_attributes, "cnnkit.explain._trace", "def f(self): return self._functional"),
    (foreign_attributes, "cnnkit.explain._trace", "def f(model): return model._layers"),
    (foreign_attributes, "cnnkit.explain._trace", "class M:\n    def _flatten_layers(self): pass"),
    (foreign_attributes, "cnnkit.explain._trace", "def f(x): return hasattr(x, '_functional')"),
    (foreign_attributes, "cnnkit.explain._trace", "from keras.src.ops import node"),
    (environment, "cnnkit.data._digits", "import os\nos.environ.get('CNNKIT_DATA')"),
    (environment, "cnnkit.data._digits", "from os import environ as e"),
    (environment, "cnnkit.data._digits", "import os\nos.getenv('CNNKIT_DATA')"),
    (environment, "cnnkit._places", "import os\nos.environ['X'] = 'y'"),
    (environment, "cnnkit._places", "import os\ndel os.environ['X']"),
    (environment, "cnnkit._places", "import os\nos.environ |= {}"),
    (environment, "cnnkit._places", "import os\nos.environ.setdefault('X', 'y')"),
    (environment, "cnnkit._places", "import os\nos.environ.setdefault('X', '3')"),
    (environment, "cnnkit._places", "import os\nos.putenv('X', 'y')"),
    (environment, "cnnkit.data._digits", f"import os\n{TENSORFLOW_LOG}"),
    (public_modules, "cnnkit.data.digits", ""),
    (public_modules, "cnnkit.exercises.notes", ""),
    (public_modules, "cnnkit.vae", ""),
]


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_a_package_in_order_passes(check):
    assert check(GOOD) == []


@pytest.mark.parametrize("check, module, code", BROKEN)
def test_each_check_finds_its_fault(check, module, code):
    assert check({**GOOD, module: f"{GOOD.get(module, '')}\n{code}"})


# The mirror


def mirror_faults(modules, tests):
    """`cnnkit/a/_b.py` is tested by `tests/a/test_b.py`, and a helper `tests/a/c.py` by its own.

    Both are lists of paths within their folders. What tests/course and tests/exercises hold besides
    is about no single module; `tests/explore/test_page_x.py` is about scripts of the page.
    """
    needed = {m.with_name(f"test{m.name}") for m in modules if re.match(r"_[a-z]", m.name)}
    helpers = {path.with_name(f"test_{path.name}") for path in tests if path.name[:5] != "test_"}
    found = {path for path in tests if path.name[:5] == "test_"}
    missing = sorted(needed - found)
    extra = sorted(found - needed - helpers)
    extra = [path for path in extra if path.parts[0] not in ("course", "exercises")]
    extra = [path for path in extra if not path.match("explore/test_page_*.py")]
    complaints = [f"no {path.as_posix()}" for path in missing]
    return complaints + [f"{path.as_posix()} tests no module" for path in extra]


def test_the_tests_mirror_the_package():
    modules = [path.relative_to("cnnkit") for path in FILES]
    tests = [path.relative_to(ROOT / "tests") for path in (ROOT / "tests").rglob("*.py")]
    assert mirror_faults(modules, tests) == []


def test_gaps_in_the_mirror_are_found():
    modules = [Path(p) for p in ("__init__.py", "_a.py", "viz/_b.py", "exercises/nb01.py")]
    tests = [Path(p) for p in ("conftest.py", "test_a.py", "viz/test_b.py", "course/test_x.py")]
    assert mirror_faults(modules, tests) == []
    assert mirror_faults(modules, [*tests, Path("viz/c.py"), Path("viz/test_c.py")]) == []
    assert mirror_faults(modules, tests[:2]) == ["no viz/test_b.py"]
    assert mirror_faults(modules[:2], tests) == ["viz/test_b.py tests no module"]
    assert len(mirror_faults(modules, [*tests[:2], Path("explain/test_b.py")])) == 2


# The names


def public_names():
    """The names in each room's `__all__`, and the notebooks with exercises."""
    names = {}
    for room in cnnkit.__all__:
        for node in ast.parse(SOURCES[f"cnnkit.{room}"]).body:
            if isinstance(node, ast.Assign) and node.targets[0].id == "__all__":
                names[room] = set(ast.literal_eval(node.value))
    names["exercises"] |= {module.rpartition(".")[2] for module in SOURCES if ".nb" in module}
    return names


def table_faults(page, expected):
    """Compare the table of public names in a text with `expected`, sets of names by room."""
    table = re.search(r"(?m)^\| room \| public names \|\n\|---\|---\|\n((?:\|.*\n)+)", page)
    rows = re.findall(r"(?m)^\| `(\w+)` \| (.*) \|$", table[1]) if table else []
    found = {room: set(re.findall(r"`(\w+)`", names)) for room, names in rows}
    complaints = []
    for room in sorted({*found, *expected}):
        listed, there = found.get(room, set()), expected.get(room, set())
        complaints += [f"{room}.{name} is not in the table" for name in sorted(there - listed)]
        complaints += [f"there is no {room}.{name}" for name in sorted(listed - there)]
    return complaints


def test_contributing_lists_every_public_name():
    page = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    assert table_faults(page, public_names()) == []


def test_wrong_tables_of_names_are_found():
    table = "| room | public names |\n|---|---|\n| `data` | `a` `b` |\n| `viz` | `c` |\n"
    names = {"data": {"a", "b"}, "viz": {"c"}}
    assert table_faults(table, names) == []
    assert table_faults(table.replace("`b`", "`d`"), names) == [
        "data.b is not in the table",
        "there is no data.d",
    ]
    assert table_faults(table.replace("`viz`", "`vis`"), names)
    assert len(table_faults("", names)) == 3
