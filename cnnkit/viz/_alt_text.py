"""What a figure shows, in words: the alternative text for those who cannot see it."""


def describe(figure, sentence):
    """Add a sentence to the alternative text of a figure, which several plots may share.

    Args:
        figure: A `matplotlib.figure.Figure`, which keeps the text as its `alt_text`.
        sentence: What was drawn, how much of it, in which range, and what is to be seen.
    """
    earlier = getattr(figure, "alt_text", "")
    figure.alt_text = f"{earlier} {sentence}".strip()
