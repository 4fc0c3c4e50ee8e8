"""Alerting's tables. Each is written by the fold of one stream only.

Rows of removed things stay, marked: "removed" is a fact to act upon, "not there" is only something
not read yet. `sequence` is the position of the event a row shows, so that folding an event again,
or an older one late, changes nothing.
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
    Uuid,
)

from arguslm_storage.checkpoints import checkpoint_table
from arguslm_storage.columns import Json, UtcDateTime

metadata = MetaData()
checkpoints = checkpoint_table(metadata)

# From REGISTRY. `rule` is the contracts' Rule as JSON.
rules = Table(
    "rules",
    metadata,
    Column("rule_id", Uuid, primary_key=True),
    Column("rule", Json, nullable=False),
    Column("removed", Boolean, nullable=False),
    Column("sequence", BigInteger, nullable=False),
)

# From REGISTRY. `url` is sealed, and forgotten when the channel is removed.
channels = Table(
    "channels",
    metadata,
    Column("channel_id", Uuid, primary_key=True),
    Column("name", String(255), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("url", String, nullable=True),
    Column("enabled", Boolean, nullable=False),
    Column("removed", Boolean, nullable=False),
    Column("sequence", BigInteger, nullable=False),
)

# From REGISTRY. `on_since`: since when it has been switched on without a break; None while off.
models = Table(
    "models",
    metadata,
    Column("model_id", Uuid, primary_key=True),
    Column("provider_id", Uuid, nullable=False),
    Column("name", String, nullable=False),
    Column("custom_name", String, nullable=True),
    Column("on_since", UtcDateTime, nullable=True),
    Column("retired", Boolean, nullable=False),
    Column("removed", Boolean, nullable=False),
    Column("sequence", BigInteger, nullable=False),
)
providers = Table(
    "providers",
    metadata,
    Column("provider_id", Uuid, primary_key=True),
    Column("display_name", String, nullable=False),
    Column("on_since", UtcDateTime, nullable=True),
    Column("removed", Boolean, nullable=False),
    Column("sequence", BigInteger, nullable=False),
)
monitoring = Table(
    "monitoring",
    metadata,
    Column("key", String(16), primary_key=True),
    Column("on_since", UtcDateTime, nullable=True),
    Column("sequence", BigInteger, nullable=False),
)

# From REGISTRY.
budgets = Table(
    "budgets",
    metadata,
    Column("budget_id", Uuid, primary_key=True),
    Column("removed", Boolean, nullable=False),
    Column("sequence", BigInteger, nullable=False),
)

# From CHECKS: the newest report on each budget. `at` is when so much was used.
budget_reports = Table(
    "budget_reports",
    metadata,
    Column("budget_id", Uuid, primary_key=True),
    Column("budget_name", String, nullable=False),
    Column("used_percent", Integer, nullable=False),
    Column("used_usd", Float, nullable=False),
    Column("usd_per_day", Float, nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("sequence", BigInteger, nullable=False),
)

# From REGISTRY.
probes = Table(
    "probes",
    metadata,
    Column("probe_id", Uuid, primary_key=True),
    Column("name", String, nullable=False),
    Column("enabled", Boolean, nullable=False),
    Column("removed", Boolean, nullable=False),
    Column("sequence", BigInteger, nullable=False),
)

# From CHECKS: how the last checks of a probe went at a model and a location, a Verdict
# each, by due time; gone with their checks.
probe_verdicts = Table(
    "probe_verdicts",
    metadata,
    Column("probe_id", Uuid, primary_key=True),
    Column("model_id", Uuid, primary_key=True),
    Column("location", String(63), primary_key=True),
    Column("verdicts", Json, nullable=False),
)

# From CHECKS. `since` is the completion of the first check of the current run of equal verdicts.
endpoint_states = Table(
    "endpoint_states",
    metadata,
    Column("model_id", Uuid, primary_key=True),
    Column("location", String(63), primary_key=True),
    Column("consecutive_failures", Integer, nullable=False),
    Column("consecutive_successes", Integer, nullable=False),
    Column("since", UtcDateTime, nullable=False),
    Column("outcome", String(32), nullable=False),
    Column("fault_owner", String(16), nullable=False),
    Column("due_at", UtcDateTime, nullable=False),
    Column("check_id", Uuid, nullable=False),
    Column("completed_at", UtcDateTime, nullable=False),
)

# From ALERTS. Open while `resolved_at` is None.
alerts = Table(
    "alerts",
    metadata,
    Column("alert_id", Uuid, primary_key=True),
    Column("rule_id", Uuid, nullable=False),
    Column("model_id", Uuid, nullable=True),
    Column("budget_id", Uuid, nullable=True),
    Column("probe_id", Uuid, nullable=True),
    Column("model_name", String, nullable=False),
    Column("provider_name", String, nullable=False),
    Column("since", UtcDateTime, nullable=False),
    Column("channel_ids", Json, nullable=False),
    Column("resolved_at", UtcDateTime, nullable=True),
    Index("ix_alerts_open", "resolved_at", "model_id"),
)

# From ALERTS: for each rule and target, and each stream, the newest event there that led to a
# decision, and the decision's own position. `target` is the id of a model, a budget or
# a probe's model, or "everywhere".
decided = Table(
    "decided",
    metadata,
    Column("rule_id", Uuid, primary_key=True),
    Column("target", String(36), primary_key=True),
    Column("stream", String(64), primary_key=True),
    Column("sequence", BigInteger, nullable=False),
    Column("event_id", String, nullable=False),
    Column("decision_sequence", BigInteger, nullable=False),
)
