"""The exercises of the notebooks: `nb01.NAME.check(answer)`, `.hint()` and `.solution()`.

`progress()` shows what is solved, and `review()` asks questions on earlier notebooks.
"""

from cnnkit.exercises._progress import NotebookProgress, Progress, progress
from cnnkit.exercises._review import review

__all__ = ["NotebookProgress", "Progress", "progress", "review"]
