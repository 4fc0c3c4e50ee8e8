"""Asks: check requests become completed checks."""
