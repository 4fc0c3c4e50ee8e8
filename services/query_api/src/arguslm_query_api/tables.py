"""The tables of the only door: what is registered, what was found, measured, judged and told.

Every table is written by the fold of one stream (named above it) and by no other.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    Uuid,
)

from arguslm_storage.checkpoints import checkpoint_table
from arguslm_storage.columns import Json, UtcDateTime

metadata = MetaData()
checkpoints = checkpoint_table(metadata)


def _position() -> tuple[Column[int], Column[int]]:
    """Where an aggregate stands: its revision, and the stream sequence of its last event."""
    return (
        Column("revision", Integer, nullable=False),
        Column("sequence", BigInteger, nullable=False),
    )


def _bill() -> tuple[Column[int], ...]:
    """What requests came to. Whole numbers, for sums of them are the same in every order."""
    return (
        Column("input_tokens", BigInteger, nullable=False),
        Column("output_tokens", BigInteger, nullable=False),
        Column("reasoning_tokens", BigInteger, nullable=False, comment="part of the output"),
        Column("cached_tokens", BigInteger, nullable=False, comment="part of the input"),
        Column("priced", Integer, nullable=False, comment="requests whose cost is known"),
        Column("unpriced", Integer, nullable=False, comment="requests whose cost nobody knows"),
        Column("cost_nano_usd", BigInteger, nullable=False, comment="of the priced ones"),
    )


# REGISTRY and ACCOUNTS

aggregates = Table(
    "aggregates",
    metadata,
    Column("subject", String(255), primary_key=True),
    *_position(),
    comment="The last event of everything there ever was: a removed thing can come back",
)

providers = Table(
    "providers",
    metadata,
    Column("provider_id", Uuid, primary_key=True),
    Column("provider_type", Text, nullable=False),
    Column("display_name", Text, nullable=False),
    Column("base_url", Text),
    Column("settings", Json, nullable=False),
    Column("credentials", Text, comment="a Fernet token"),
    Column("enabled", Boolean, nullable=False),
    Column("monitor_discovered", Boolean, nullable=False),
    Column("requests_per_minute", Integer, nullable=False),
    Column("max_concurrent", Integer, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
    *_position(),
)

models = Table(
    "models",
    metadata,
    Column("model_id", Uuid, primary_key=True),
    Column("provider_id", Uuid, nullable=False, index=True),
    Column("name", Text, nullable=False),
    Column("custom_name", Text),
    Column("source", String(16), nullable=False),
    Column("monitored", Boolean, nullable=False),
    Column("benchmarkable", Boolean, nullable=False),
    Column("interval_s", Integer),
    Column("metadata", Json, nullable=False),
    Column("facts", Json, nullable=False, comment="the contracts' ModelFacts"),
    Column("price", Json, comment="the contracts' Price, as a person gave it"),
    Column("retired_at", UtcDateTime),
    Column("created_at", UtcDateTime, nullable=False),
    *_position(),
)

monitoring_config = Table(
    "monitoring_config",
    metadata,
    Column("name", String(16), primary_key=True, comment="always `global`"),
    Column("interval_s", Integer, nullable=False),
    Column("prompt_pack", Text, nullable=False),
    Column("max_tokens", Integer, nullable=False),
    Column("enabled", Boolean, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    *_position(),
)

monitoring_runs = Table(
    "monitoring_runs",
    metadata,
    Column("run_id", Uuid, primary_key=True),
    Column("model_ids", Json, nullable=False),
    Column("requested_by", Text, nullable=False),
    Column("requested_at", UtcDateTime, nullable=False),
    *_position(),
)

rules = Table(
    "rules",
    metadata,
    Column("rule_id", Uuid, primary_key=True),
    Column("name", Text, nullable=False),
    Column("rule_type", String(64), nullable=False),
    Column("target_model_id", Uuid),
    Column("target_model_name", Text),
    Column("target_budget_id", Uuid),
    Column("threshold_percent", Integer),
    Column("enabled", Boolean, nullable=False),
    Column("severity", String(16), nullable=False),
    Column("failures_to_raise", Integer, nullable=False),
    Column("successes_to_resolve", Integer, nullable=False),
    Column("notify_in_app", Boolean, nullable=False),
    Column("channel_ids", Json, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    *_position(),
)

budgets = Table(
    "budgets",
    metadata,
    Column("budget_id", Uuid, primary_key=True),
    Column("name", Text, nullable=False),
    Column("provider_id", Uuid),
    Column("model_id", Uuid),
    Column("usd_per_day", Float, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    *_position(),
)

bookings = Table(
    "bookings",
    metadata,
    Column("booking_id", Uuid, primary_key=True),
    Column("budget_id", Uuid, nullable=False),
    Column("run_id", Uuid, nullable=False),
    Column("day", UtcDateTime, nullable=False, index=True),
    Column("nano_usd", BigInteger, nullable=False),
    comment="What benchmarks may cost at most, taken from a budget before they begin",
)

channels = Table(
    "channels",
    metadata,
    Column("channel_id", Uuid, primary_key=True),
    Column("name", Text, nullable=False),
    Column("kind", String(16), nullable=False),
    Column("url", Text, nullable=False, comment="a Fernet token"),
    Column("enabled", Boolean, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    *_position(),
)

# ACCOUNTS

accounts = Table(
    "accounts",
    metadata,
    Column("account_id", Uuid, primary_key=True),
    Column("username", Text, nullable=False, index=True),
    Column("role", String(16), nullable=False),
    Column("password_hash", Text, nullable=False),
    Column("enabled", Boolean, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    *_position(),
)

ended_sessions = Table(
    "ended_sessions",
    metadata,
    Column("session_id", Uuid, primary_key=True),
    Column("expires_at", UtcDateTime, nullable=False),
)

api_keys = Table(
    "api_keys",
    metadata,
    Column("key_id", Uuid, primary_key=True),
    Column("name", Text, nullable=False),
    Column("role", String(16), nullable=False),
    Column("key_hash", String(64), nullable=False, index=True),
    Column("hint", String(16), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime),
    *_position(),
)

# CHECKS

model_states = Table(
    "model_states",
    metadata,
    Column("model_id", Uuid, primary_key=True),
    Column("location", String(63), primary_key=True),
    Column("consecutive_failures", Integer, nullable=False),
    Column("consecutive_successes", Integer, nullable=False),
    Column("usable", Boolean, comment="of the last check that said something of the endpoint"),
    Column("since", UtcDateTime, comment="start of the first check of the current run"),
    Column("conclusive_at", UtcDateTime, comment="end of the last check that said something"),
    Column("last_check_id", Uuid, nullable=False),
    Column("last_due_at", UtcDateTime, nullable=False),
    Column("last_completed_at", UtcDateTime, nullable=False),
    Column("last_outcome", String(32), nullable=False),
    Column("last_fault_owner", String(16), nullable=False),
    Column("last_says", Text, nullable=False),
    Column("last_ttft_ms", Float, comment="of the last check that measured it"),
    Column("last_tokens_per_s", Float, comment="of the last check that measured it"),
)

checks = Table(
    "checks",
    metadata,
    Column("check_id", Uuid, primary_key=True),
    Column("model_id", Uuid, nullable=False),
    Column("location", String(63), nullable=False),
    Column("purpose", String(32), nullable=False),
    Column("run_id", Uuid),
    Column("due_at", UtcDateTime, nullable=False),
    Column("started_at", UtcDateTime, nullable=False),
    Column("completed_at", UtcDateTime, nullable=False),
    Column("outcome", String(32), nullable=False),
    Column("available", Boolean),
    Column("usable", Boolean),
    Column("ttft_ms", Float),
    Column("tokens_per_s", Float),
    Column("total_ms", Float),
    Column("output_tokens", Integer),
    Column("trustworthy", Boolean, nullable=False),
    Column("measurement", Json, nullable=False),
    Column("sequence", BigInteger, nullable=False, index=True),
    Index("ix_checks_model_id_completed_at", "model_id", "completed_at", "check_id"),
    Index("ix_checks_completed_at", "completed_at", "check_id"),
    Index("ix_checks_outcome_completed_at", "outcome", "completed_at", "check_id"),
)
Index(
    "ix_checks_run_id",
    checks.c.run_id,
    sqlite_where=checks.c.run_id.is_not(None),
    postgresql_where=checks.c.run_id.is_not(None),
)

rollups = Table(
    "rollups",
    metadata,
    Column("width_s", Integer, primary_key=True, comment="one of ROLLUP_WIDTHS_S"),
    Column("model_id", Uuid, primary_key=True),
    Column("start", UtcDateTime, primary_key=True),
    Column("location", String(63), primary_key=True),
    Column("checks", Integer, nullable=False),
    Column("available", Integer, nullable=False),
    Column("unavailable", Integer, nullable=False),
    Column("excluded", Integer, nullable=False, comment="said nothing of `available`"),
    Column("usable", Integer, nullable=False),
    Column("unusable", Integer, nullable=False),
    Column("ttft_ms", Json, nullable=False, comment="a sketch"),
    Column("ttft_p50_ms", Float, comment="of the sketch"),
    Column("tokens_per_s", Json, nullable=False, comment="a sketch"),
    Column("total_ms", Json, nullable=False, comment="a sketch"),
    Column("outcomes", Json, nullable=False, comment="checks by outcome"),
    *_bill(),
    sqlite_with_rowid=False,
)

# Each divides the next, so that any wider bucket is a whole number of narrower ones.
ROLLUP_WIDTHS_S = (300, 1_800, 10_800, 86_400, 604_800)
# The hours that outlive their checks fill these, and these alone.
LASTING_WIDTHS_S = tuple(width_s for width_s in ROLLUP_WIDTHS_S if width_s % 3_600 == 0)
PASSING_WIDTHS_S = tuple(width_s for width_s in ROLLUP_WIDTHS_S if width_s % 3_600 != 0)

summarized = Table(
    "summarized",
    metadata,
    Column("model_id", Uuid, primary_key=True),
    Column("location", String(63), primary_key=True),
    Column("stored_in", UtcDateTime, nullable=False),
    Column("hour", UtcDateTime, nullable=False),
    comment="The last summary of each model and location: they come in this order",
)

given_up = Table(
    "given_up",
    metadata,
    Column("name", String(16), primary_key=True, comment="always `checks`"),
    Column("through_sequence", BigInteger, nullable=False),
    Column("before", UtcDateTime, nullable=False, comment="no narrow rollup begins before it"),
    comment="How far single checks have been let go",
)

reclassified = Table(
    "reclassified",
    metadata,
    Column("check_id", Uuid, primary_key=True),
    Column("taxonomy_version", Integer, primary_key=True),
    comment="Which checks were decided again: each counts once by each taxonomy",
)

connection_tests = Table(
    "connection_tests",
    metadata,
    Column("check_id", Uuid, primary_key=True),
    Column("completed_at", UtcDateTime, nullable=False),
    Column("completion", Json, nullable=False, comment="the whole check.completed"),
    Column("sequence", BigInteger, nullable=False),
)

discoveries = Table(
    "discoveries",
    metadata,
    Column("provider_id", Uuid, primary_key=True),
    Column("request_id", Uuid, nullable=False),
    Column("outcome", String(32), nullable=False),
    Column("message", Text),
    Column("models", Json, nullable=False),
    Column("models_found", Integer, nullable=False),
    Column("completed_at", UtcDateTime, nullable=False),
)

# BENCHMARKS

benchmark_runs = Table(
    "benchmark_runs",
    metadata,
    Column("run_id", Uuid, primary_key=True),
    Column("title", Text, nullable=False),
    Column("plan", Json, nullable=False),
    Column("requested_by", Text, nullable=False),
    Column("requested_at", UtcDateTime, nullable=False),
    Column("status", String(16), nullable=False),
    Column("started_at", UtcDateTime),
    Column("cancel_requested_by", Text),
    Column("completed_at", UtcDateTime),
    Column("message", Text),
    Index("ix_benchmark_runs_requested_at", "requested_at", "run_id"),
)

benchmark_samples = Table(
    "benchmark_samples",
    metadata,
    Column("run_id", Uuid, primary_key=True),
    Column("model_id", Uuid, primary_key=True),
    Column("warmup", Boolean, primary_key=True),
    Column("index", Integer, primary_key=True),
    Column("started_at", UtcDateTime, nullable=False),
    Column("outcome", String(32), nullable=False),
    Column("failed", Boolean, nullable=False),
    Column("measurement", Json, nullable=False),
    sqlite_with_rowid=False,
)

benchmark_bills = Table(
    "benchmark_bills",
    metadata,
    Column("run_id", Uuid, primary_key=True),
    Column("model_id", Uuid, primary_key=True),
    Column("warmup", Boolean, primary_key=True),
    Column("index", Integer, primary_key=True),
    Column("day", UtcDateTime, nullable=False, index=True, comment="on which it began, in UTC"),
    *_bill(),
    sqlite_with_rowid=False,
    comment="What each sample came to; it stays when its run is removed, as on the provider's bill",
)

# ALERTS

alerts = Table(
    "alerts",
    metadata,
    Column("alert_id", Uuid, primary_key=True),
    Column("rule_id", Uuid, nullable=False, index=True),
    Column("rule_name", Text, nullable=False),
    Column("severity", String(16), nullable=False),
    Column("model_id", Uuid),
    Column("model_name", Text, nullable=False),
    Column("provider_name", Text, nullable=False),
    Column("outcome", String(32), nullable=False),
    Column("fault_owner", String(16), nullable=False),
    Column("message", Text, nullable=False),
    Column("notify_in_app", Boolean, nullable=False),
    Column("since", UtcDateTime, nullable=False),
    Column("raised_at", UtcDateTime, nullable=False),
    Column("resolved_at", UtcDateTime, index=True),
    Column("resolve_reason", String(32)),
    Column("acknowledged_by", Text),
    Column("acknowledged_at", UtcDateTime, index=True),
    Index("ix_alerts_raised_at", "raised_at", "alert_id"),
)

notifications = Table(
    "notifications",
    metadata,
    Column("alert_id", Uuid, primary_key=True, comment="of a test: its test_id"),
    Column("transition", String(16), primary_key=True),
    Column("channel_id", Uuid, primary_key=True),
    Column("channel_name", Text, nullable=False),
    Column("delivered", Boolean, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("error", Text),
)
