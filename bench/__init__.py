"""Measures the pipeline beside references and peers: ratios of one run, never times alone."""
