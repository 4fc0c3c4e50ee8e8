"""Structured logs, metrics and the health endpoint every service carries."""
