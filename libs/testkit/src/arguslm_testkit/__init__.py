"""Real NATS and PostgreSQL fixtures, event factories and the house under test."""
