"""arguslm up: the whole house on one machine."""
