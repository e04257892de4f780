"""The tests: `unit` and `contract` need nothing else running."""
