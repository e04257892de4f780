"""Is the house in order? These tests read the source, they do not run it."""
