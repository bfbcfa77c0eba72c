"""The glossary: the bold terms of the notebooks, each with the sentence that explains it."""

import re

BOLD = re.compile(r"\*\*([^*\n]+(?:\n[^*\n]+)?)\*\*")
BREAK = re.compile(r"\n\n|\n- |\n\|")
STOP = re.compile(r"[.?!:][)\"*]*\s+(?=[A-Z*`\"(\[])")
FORMULA = re.compile(r"\s*\$\$(.*?)\$\$", re.S)
CODE = re.compile(r"(?s)```.*?```|`[^`\n]+`|\$\$.*?\$\$|\$[^$\n]+\$")
# Bold for other reasons: what opens a paragraph, and what is stressed.
NO_TERMS = """
The usual start: noise|The small start: shapes|Look at the input
Predict|You will|Time|Before you start|Shift+Enter|It helps|It does not help|Ask|On your computer
In Colab|float32|digits|ring|islands|quadrants|no success|noise|cells|49 means|16 means|knowledge
information is lost|Speech|Video|Text|random|blur|spots|pixels|vertical edges|horizontal edges
edges of any direction|zeros|max|average|none|close|in|in use|each hour in its own way
as large as the image|the same order|detectors|independent|Without|With|With drift|4 and 8
32 and 128|Rate 0.01|Rate 0.1|Rate 1|vanish|explode|In training|triggers|rises|stands still
`min_delta`|predict|a smaller network|penalties|better data|values from similar work|by hand|By hand
grid|point|mean|band|The first two|The third|The fourth|too strong|fits|diverse|general|Nobody
The network|where|why|where it goes|points|groups|validation|test|is a dog|is a cat|only one
suspects|The loose head|Five neighbours|The head of six photos|Step|Cosine|without replacement
ReLU is the default|change the type before you calculate|many parameters want many examples
spreads the weights|Dropout comes after the activation|share their weights|Stochastic|Nesterov's
scale|shift|depth|captions|identity|logarithmic|log-linear|variants|dropout works like L2
More capacity, more overfitting|The silent units|slide δ over the image|branch|branches|starves
standardised|δ|channel|reflection|replication|robust|sparse|winner's luck|lazy unit|penalty|module
Classification|Detection|Segmentation|template|boundary|What we take|On what|In which unit
"""
NO_TERMS = set(NO_TERMS.strip().replace("\n", "|").split("|"))
POINTS_BACK = re.compile(
    r"(?:It|Its|They|Their|This|These|That|Those|Such|Both|So|Here|Then|Each)\b"
)


def marked(source, notebook, terms):
    """A text in which each bold term has an anchor, where it first stands in its notebook.

    Each such term is added to `terms` as `(term, sentence, notebook, anchor)`.
    """
    number = notebook.partition("_")[0]
    quiet = CODE.sub(lambda found: re.sub(r"[*]", "\0", found[0]), source)

    def with_anchor(found):
        term = " ".join(found[1].split())
        anchor = f"term-{number}-" + re.sub(r"[^a-z0-9]+", "-", term.lower()).strip("-")
        if not is_term(term) or any(anchor == known for *_, known in terms):
            return found[0]
        sentence = sentence_around(quiet, *found.span())
        terms.append((term, sentence.replace("\0", "*"), notebook, anchor))
        return f"[{found[0]}]{{#{anchor}}}"

    return BOLD.sub(with_anchor, quiet).replace("\0", "*")


def is_term(text):
    """Whether a bold text is a term: no sentence, no number, nothing that is only stressed."""
    is_short = len(text.split()) <= 4 and not text.endswith((".", "?", ":", "!", ","))
    return is_short and not text[0].isdigit() and text not in NO_TERMS and "$" not in text


def sentence_around(text, start, end):
    """The sentence in which a term stands, without the marks of a list or a table.

    One that points back, or tells next to nothing, comes with the sentence before it, and one that
    leads to a formula with the formula.
    """
    block_start = max([found.end() for found in BREAK.finditer(text[:start])], default=0)
    found = BREAK.search(text, end)
    block_end = found.start() if found else len(text)
    stops = [found.end() for found in STOP.finditer(text, block_start, block_end)]
    starts = [block_start, *(stop for stop in stops if stop <= start)]
    stop = min([stop for stop in stops if stop > end], default=block_end)
    is_short = len(text[starts[-1] : stop].split()) < 4
    if len(starts) > 1 and (is_short or POINTS_BACK.match(text, starts[-1])):
        starts.pop()
    sentence = text[starts[-1] : stop].lstrip("-#|0123456789. ").rstrip("| \n")
    formula = FORMULA.match(text, block_end)
    if formula and sentence.endswith(":"):
        sentence += f" ${formula[1].strip()}$"
    return " ".join(sentence.replace("** |", "**:").split())


def page(terms, titles):
    """The Markdown of the glossary.

    Args:
        terms: Tuples as from `marked`, in the order of the notebooks.
        titles: From the name of a notebook to its title.
    """
    known = {}
    for term, sentence, notebook, anchor in terms:
        known.setdefault(term.casefold(), []).append((term, sentence, notebook, anchor))
    lines = [
        "# Glossary",
        f"The {len(known)} terms of the course, in the words that explain them where they first "
        "stand. A link leads there.",
    ]
    letter = ""
    for _, found in sorted(known.items()):
        term, sentence, notebook, anchor = found[0]
        if term[0].upper() != letter:
            letter = term[0].upper()
            lines.append(f"## {letter}")
        places = dict.fromkeys((book, mark) for _, _, book, mark in found)
        links = [f"[{titles[book]}](notebooks/{book}#{mark})" for book, mark in places]
        sentence = sentence.replace(f"**{term}**", term)
        lines.append(f"{term[0].upper() + term[1:]}\n: {sentence}\\\n  {', '.join(links)}")
    return "\n\n".join(lines) + "\n"
