"""Formulas in the e-book, as MathML: readers of e-books run no MathJax."""


def setup(app):
    return {"parallel_read_safe": True, "parallel_write_safe": True}
