"""Measure how well language models write code, and say how sure that is."""

__version__ = "0.1.0"
