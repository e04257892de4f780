"""The demonstration: scripted disputes, played for real and compared with the rules.

Rule: what must come of a scenario is written beside it by hand. Nothing here calls the rules, so
that the comparison can testify against them.
"""
