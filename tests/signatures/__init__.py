"""Verdicts that are signed, and ten thousand that only look like it."""
