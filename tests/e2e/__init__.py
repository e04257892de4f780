"""End to end: the commands as a person runs them."""
