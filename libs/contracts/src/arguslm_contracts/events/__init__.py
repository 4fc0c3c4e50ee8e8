"""Every event of the house, one module per stream family."""
