"""A page on which one walks through one's own network: in a notebook's cell, or as a file."""

from cnnkit.explore._explorer import Explorer, explore

__all__ = ["Explorer", "explore"]
