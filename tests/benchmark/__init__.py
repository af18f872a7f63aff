"""Measures how well and how fast digits are read: python -m tests.benchmark --help."""
