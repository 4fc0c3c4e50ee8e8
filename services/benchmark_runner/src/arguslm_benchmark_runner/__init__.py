"""Loads: requested benchmarks become samples and results."""
