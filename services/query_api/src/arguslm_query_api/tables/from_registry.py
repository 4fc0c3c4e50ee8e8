"""REGISTRY and ACCOUNTS -> aggregates; REGISTRY -> what is watched, how, and at which price."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    Integer,
    String,
    Table,
    Text,
    Uuid,
)

from arguslm_query_api.tables.shared import metadata, position
from arguslm_storage.columns import Json, UtcDateTime

aggregates = Table(
    "aggregates",
    metadata,
    Column("subject", String(255), primary_key=True),
    *position(),
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
    *position(),
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
    *position(),
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
    *position(),
)

monitoring_runs = Table(
    "monitoring_runs",
    metadata,
    Column("run_id", Uuid, primary_key=True),
    Column("model_ids", Json, nullable=False),
    Column("requested_by", Text, nullable=False),
    Column("requested_at", UtcDateTime, nullable=False),
    *position(),
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
    Column("target_probe_id", Uuid),
    Column("threshold_percent", Integer),
    Column("enabled", Boolean, nullable=False),
    Column("severity", String(16), nullable=False),
    Column("failures_to_raise", Integer, nullable=False),
    Column("successes_to_resolve", Integer, nullable=False),
    Column("notify_in_app", Boolean, nullable=False),
    Column("channel_ids", Json, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    *position(),
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
    *position(),
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

probes = Table(
    "probes",
    metadata,
    Column("probe_id", Uuid, primary_key=True),
    Column("name", Text, nullable=False),
    Column("kind", String(16), nullable=False),
    Column("provider_id", Uuid),
    Column("model_id", Uuid),
    Column("interval_s", Integer),
    Column("cron", Text),
    Column("prompt", Text),
    Column("max_tokens", Integer),
    Column("context_words", Integer),
    Column("answer_schema", Json),
    Column("assertions", Json, nullable=False),
    Column("finding_level", String(8), nullable=False),
    Column("enabled", Boolean, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    *position(),
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
    *position(),
)
