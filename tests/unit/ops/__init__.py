"""The parts of the operations console that need no database."""
