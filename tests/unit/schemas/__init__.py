"""The fields of events and the words of the wire."""
