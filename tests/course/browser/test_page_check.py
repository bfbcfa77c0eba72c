"""A page in order passes every check, and each check finds its fault."""

import pytest
from page_check import CHECKS, animation_faults, picture_faults

DOT = "data:image/svg+xml,<svg xmlns='http://www.w3.org/2000/svg' width='9' height='9'/>"
GOOD = f"""
<div class="jp-MarkdownOutput">Let <mjx-container>x</mjx-container> cost $5.</div>
<img src="{DOT}">
<div class="jp-Cell"><img src="{DOT}" alt="A dot"></div>
<iframe srcdoc="
    <img src=&quot;{DOT}&quot; alt='A dot'>
    <button aria-label='Play' onclick='document.images[0].src += &quot; &quot;'>Play</button>
"></iframe>
"""


@pytest.fixture
def show(tmp_path, open_page):
    """A function that opens a text as a page."""

    def show(text):
        (tmp_path / "page.html").write_text(text, encoding="utf-8")
        return open_page((tmp_path / "page.html").as_uri())

    return show


def test_a_page_in_order_passes(show):
    page = show(GOOD)
    assert [check(page) for check in [*CHECKS, animation_faults]] == [[]] * 5
    assert picture_faults(show("no picture")) == ["no picture"]


@pytest.mark.parametrize(
    "name, old, new",
    [
        ("formula_faults", "mjx-container", "b"),
        ("formula_faults", "cost $5", r"be $\sum_i x_i$"),
        ("picture_faults", "<svg", "<svgg"),
        ("alt_faults", 'alt="A dot"', 'alt=" "'),
        ("alt_faults", "alt='A dot'", ""),
        ("alt_faults", "A dot", "No description has been provided for this image"),
        ("host_faults", "Let", "<script src='http://127.0.0.1:9/a.js'></script>Let"),
        ("host_faults", "Let", "<script>new WebSocket('ws://127.0.0.1:9')</script>Let"),
        ("animation_faults", ">Play</button>", "><i></i></button>"),
        ("animation_faults", "onclick", "ondblclick"),
    ],
)
def test_each_check_finds_its_fault(show, name, old, new):
    page = show(GOOD.replace(old, new))
    found = {check.__name__ for check in [*CHECKS, animation_faults] if check(page)}
    assert found == {name}
