"""From the tables to the shapes of the REST API: one module per resource. Nothing is written.

Every function takes an open connection first, so that one answer is of one moment.
"""
