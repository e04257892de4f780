"""What is said on the wire, byte by byte."""
