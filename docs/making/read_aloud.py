"""What the theme and the extensions leave open for those who hear a page."""


def with_own_words(app, pagename, templatename, context, doctree):
    """A folded cell is called by its title, which stands in it, not by a label for all."""
    label = ' aria-label="Toggle hidden content"'
    context["body"] = context.get("body", "").replace(label, "")


def setup(app):
    app.connect("html-page-context", with_own_words)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
