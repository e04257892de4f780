"""One part at a time, in memory; the tree mirrors the packages."""
