"""What the animations print, compared with what they should."""


def is_printed(text, value):
    """Whether a text shows a value, to its last digit."""
    mantissa, _, exponent = text.partition("e")
    last_digit = 10.0 ** (int(exponent or 0) - len(mantissa.partition(".")[2]))
    return abs(float(text) - value) <= 0.5 * last_digit + 1e-5 * max(1, abs(value))
