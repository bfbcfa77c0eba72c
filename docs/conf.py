"""Sphinx's settings for the site and the e-book; `build.py` makes the sources and calls it."""

import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "docs"))

from making.links import repository  # noqa: E402
from making.reference import SECTIONS  # noqa: E402

import cnnkit  # noqa: E402
from cnnkit._places import without_tensorflow_log  # noqa: E402

with without_tensorflow_log():
    import tensorflow  # noqa: F401

project = "cnnkit"
author = "the cnnkit authors"
copyright = "the cnnkit authors. Code: MIT; text and pictures: CC BY 4.0"
version = release = cnnkit.__version__
language = "en-GB"

extensions = [
    "myst_nb",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "sphinx.ext.viewcode",
    "sphinx_copybutton",
    "sphinx_design",
    "making.reference",
    "making.formulas",
    "making.read_aloud",
]
exclude_patterns = ["originals"]
suppress_warnings = ["epub.unknown_project_files"]  # what lies in _static

# Notebooks are executed before: see making/execution.py.
nb_execution_mode = "off"
nb_ipywidgets_js = {}
nb_merge_streams = True
myst_enable_extensions = ["attrs_inline", "colon_fence", "deflist", "dollarmath"]
myst_heading_anchors = 4
myst_dmath_double_inline = True
copybutton_prompt_text = r">>> |\.\.\. "
copybutton_prompt_is_regexp = True
copybutton_selector = "div:not(.output) > div.highlight pre"

# Docstrings: Google's sections, with names and code in single backticks.
default_role = "py:obj"
add_module_names = False
autodoc_typehints = "none"
autodoc_member_order = "bysource"
autodoc_inherit_docstrings = False
autoclass_content = "class"
napoleon_custom_sections = SECTIONS
toc_object_entries = False

templates_path = [str(ROOT / "docs/theme")]
html_theme = "sphinx_book_theme"
html_title = "cnnkit: convolutional networks"
html_static_path = [str(ROOT / "build/pages/_static"), str(ROOT / "docs/theme/static")]
html_css_files = ["site.css"]
html_favicon = str(ROOT / "docs/theme/static/icon.svg")
html_context = {"default_mode": "auto"}
html_domain_indices = html_use_index = False
html_copy_source = False
html_show_sourcelink = False
html_last_updated_fmt = None
html_permalinks_icon = "#"
html_theme_options = {
    "show_navbar_depth": 1,
    "collapse_navbar": True,  # else each page has, and takes the time of, the whole tree
    "show_toc_level": 2,
    "use_download_button": False,
    "use_fullscreen_button": False,
    "navbar_start": [],
    "navbar_end": [],
    "navbar_persistent": [],
    "logo": {"text": "cnnkit"},
    "search_bar_text": "Search",
    "pygments_light_style": "a11y-high-contrast-light",
    "pygments_dark_style": "a11y-high-contrast-dark",
}
if repository():
    html_theme_options |= {"repository_url": repository(), "use_repository_button": True}
html_math_renderer = "mathjax"  # in the e-book "mathml": see build.py
mathjax_path = "mathjax/tex-svg-full.js"
mathjax3_config = {"options": {"enableMenu": False}}

epub_title = "Convolutional networks"
epub_show_urls = "no"
epub_use_index = False
epub_cover = ()
epub_exclude_files = ["search.html"]
