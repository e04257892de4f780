"""What may be forgotten, and what may not."""
