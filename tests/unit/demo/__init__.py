"""Unit tests of the demonstration: what it demands, what it finds, and what it says."""
