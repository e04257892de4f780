"""The rules of a dispute: a pure core that decides, and nothing else.

Rule: nothing here reads a clock, a database, a network or an environment variable. An event and a
case go in, a decision comes out; whoever calls carries it out.
"""
