"""From the streams to the tables: one module per stream family, each writing its own tables."""
