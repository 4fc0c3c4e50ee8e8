"""From the streams to the tables: one module per stream family, each writing its own tables."""

from arguslm_query_api.projections.tables import SERVICE_TABLES

__all__ = ["SERVICE_TABLES"]
