"""What people ask for: validated against the tables, said as one event, and read back."""
