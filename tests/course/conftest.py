"""Lanes of `course.py test` are no part of the rest: they run where they are asked for."""

collect_ignore = ["browser"]
