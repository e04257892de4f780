"""Hostile bytes by the million: `python -m tests.fuzz`. The rule: nothing is judged by itself."""
