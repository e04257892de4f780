"""Tests of what takes the place of the Kafka library's own code."""
