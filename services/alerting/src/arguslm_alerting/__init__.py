"""Judges and tells: completed checks become alerts and notifications."""
