"""The harness of `make bench`: its arithmetic, its page, and that all do the same work."""
