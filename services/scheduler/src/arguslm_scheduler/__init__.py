"""Decides when: the roster of models and the clock become check requests."""
