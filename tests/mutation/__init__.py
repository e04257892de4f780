"""Mutation testing of the rules: do the tests notice every small change of `services/rules`?

Own tool, for three reasons. The heart of the rules is data that is built when a module is imported
(the transition table, the grounds, the checks, the money table): mutmut changes only the bodies of
undecorated functions, switched at run time when the table is long built; cosmic-ray knows no
operator that drops a line of a table or takes one symbol for another. And a mutant costs half a
second here, in a fork of a process that has everything imported but the rules.
"""
