"""The tables of the only door: what is registered, what was found, measured, judged and told.

Every table is written by the fold of one stream (named in its module) and by no other.
"""

from arguslm_query_api.tables.from_accounts import accounts, api_keys, ended_sessions
from arguslm_query_api.tables.from_alerts import alerts, notifications
from arguslm_query_api.tables.from_benchmarks import (
    benchmark_bills,
    benchmark_runs,
    benchmark_samples,
)
from arguslm_query_api.tables.from_checks import (
    LASTING_WIDTHS_S,
    PASSING_WIDTHS_S,
    ROLLUP_WIDTHS_S,
    checks,
    connection_tests,
    discoveries,
    given_up,
    model_states,
    reclassified,
    rollups,
    summarized,
)
from arguslm_query_api.tables.from_registry import (
    aggregates,
    bookings,
    budgets,
    channels,
    models,
    monitoring_config,
    monitoring_runs,
    probes,
    providers,
    rules,
)
from arguslm_query_api.tables.shared import checkpoints, metadata

__all__ = [
    "LASTING_WIDTHS_S",
    "PASSING_WIDTHS_S",
    "ROLLUP_WIDTHS_S",
    "accounts",
    "aggregates",
    "alerts",
    "api_keys",
    "benchmark_bills",
    "benchmark_runs",
    "benchmark_samples",
    "bookings",
    "budgets",
    "channels",
    "checkpoints",
    "checks",
    "connection_tests",
    "discoveries",
    "ended_sessions",
    "given_up",
    "metadata",
    "model_states",
    "models",
    "monitoring_config",
    "monitoring_runs",
    "notifications",
    "probes",
    "providers",
    "reclassified",
    "rollups",
    "rules",
    "summarized",
]
