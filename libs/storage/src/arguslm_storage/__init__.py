"""Engines, checkpoints, upserts and migrations for SQLite and PostgreSQL; sketches."""
