"""What the events mean and what is remembered of them.

Rule: this package imports `schemas` and never `consumers`, nor anything of Kafka.
"""
