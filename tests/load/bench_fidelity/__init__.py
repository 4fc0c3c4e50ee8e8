"""Fidelity: what a stopwatch says, against what really happened."""
