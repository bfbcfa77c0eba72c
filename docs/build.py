"""Build the site, or the e-book, from the executed notebooks and from docs/.

    python3 course.py site               all, into build/site/
    python3 course.py site 02 03         a part with these chapters, into build/site_part/
    python3 course.py site --epub        the e-book, into build/epub/
    python3 course.py site --no-reference ...   without the package's reference, which is quicker

Each family of pages has a file in docs/making/. Sphinx reads what they write into build/pages/.
"""

import argparse
import shutil
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
BUILD = ROOT / "build"
sys.path[:0] = [str(ROOT), str(ROOT / "docs")]

from cnnkit._places import without_tensorflow_log  # noqa: E402

with without_tensorflow_log():
    import tensorflow  # noqa: F401

from making import chapters, execution, explorers, front, glossary, llms, reference, texts  # noqa: E402

import course  # noqa: E402


def main():
    parser = argparse.ArgumentParser(prog="course.py site", description="Build the site.")
    parser.add_argument("names", nargs="*", help="notebooks, e.g. 02 03; by default all")
    parser.add_argument("--epub", action="store_true", help="the e-book, not the site")
    parser.add_argument("--no-reference", action="store_true", help="without the reference")
    options = parser.parse_args()
    notebooks = execution.executed(options.names)
    begin = time.monotonic()
    sources = BUILD / "pages"
    shutil.rmtree(sources, ignore_errors=True)
    write_sources(sources, notebooks, options)
    print(f"The sources of the pages: {time.monotonic() - begin:.0f} s")
    failed = sphinx(sources, options)
    if not failed:
        print(f"Built in {time.monotonic() - begin:.0f} s: {result(options)}")
    return failed


def write_sources(sources, notebooks, options):
    """Write all that Sphinx reads, one family of pages after the other."""
    pages = texts.places() | {Path("notebooks", book.name) for book in notebooks}
    titles = {book.name: course.title_of(book) for book in notebooks}
    names = {} if options.no_reference else reference.places()
    texts.write_texts(sources, pages, names)
    terms = chapters.write_chapters(notebooks, sources, pages, for_book=options.epub)
    (sources / "glossary.md").write_text(glossary.page(terms, titles), "utf-8")
    if not options.no_reference:
        reference.write_reference(sources)
    if not options.epub:
        explorers.write_explorers(sources)
    front.write_front(sources, notebooks, titles, options)
    originals = sources / "originals"
    originals.mkdir()
    for book in notebooks:
        shutil.copy(ROOT / "notebooks" / book.name, originals)
    course.copy_mathjax(Path(sys.executable), sources / "_static/mathjax")


def sphinx(sources, options):
    """Run Sphinx, to which a warning is an error; return its exit status."""
    builder = "epub" if options.epub else "html"
    target = BUILD / "sphinx" / builder
    if options.names:
        target = target.with_name(f"{builder}_part")
    shutil.rmtree(target, ignore_errors=True)  # pages of an earlier time
    command = [sys.executable, "-m", "sphinx", "-b", builder, "-W", "--keep-going", "-q"]
    command += ["-c", ROOT / "docs", "-d", f"{target}.doctrees"]
    if options.epub:
        command += ["-D", "html_math_renderer=mathml"]
    if options.names:  # links to chapters that are not there
        command += ["-D", "suppress_warnings=myst.xref_missing,epub.unknown_project_files"]
    status = subprocess.call([str(word) for word in [*command, sources, target]])
    if status == 0:
        publish(target, options)
    return status


def publish(built, options):
    """Bring what Sphinx has built to its place, with what it does not write."""
    place = result(options)
    if options.epub:
        place.parent.mkdir(exist_ok=True)
        shutil.copy(built / "cnnkit.epub", place)
        return
    shutil.rmtree(place, ignore_errors=True)
    shutil.copytree(built, place, ignore=shutil.ignore_patterns(".buildinfo*", "objects.inv"))
    (place / ".nojekyll").touch()  # GitHub would leave out what begins with an underscore
    (place / "llms.txt").write_text(llms.text(place), "utf-8")


def result(options):
    """What is built: a folder, or a file."""
    if options.epub:
        return BUILD / "epub/cnnkit.epub"
    return BUILD / ("site_part" if options.names else "site")


if __name__ == "__main__":
    sys.exit(main())
