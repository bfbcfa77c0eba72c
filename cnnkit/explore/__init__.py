"""A page on which one walks through one's own network: in a notebook's cell, or as a file."""

from cnnkit.explore._explorer import Explorer, explore
from cnnkit.explore._snapshots import Snapshots

__all__ = ["Explorer", "Snapshots", "explore"]
