"""The exercises of the notebooks: `nb01.NAME.check(answer)`, `.hint()` and `.solution()`."""
