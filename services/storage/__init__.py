"""What is remembered: the only package with SQL in it."""
