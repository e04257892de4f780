"""One migration a file pair: the order in Python, the statements in SQL."""
