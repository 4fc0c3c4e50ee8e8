"""The scheduler's tables: the roster and the budgets, folded from REGISTRY alone, the requests that
are open, the account of what is spent and reserved, and how long models reply.

The `..._revision` columns say by which revision something last came to be as it is, so that a
decision can tell "this event switched it on" from "it was on already".
"""

from uuid import UUID

from sqlalchemy import BigInteger, Boolean, Column, Integer, MetaData, String, Table, Text, Uuid

from arguslm_storage.checkpoints import checkpoint_table
from arguslm_storage.columns import Json, UtcDateTime

metadata = MetaData()
checkpoints = checkpoint_table(metadata)

providers = Table(
    "providers",
    metadata,
    Column("provider_id", Uuid, primary_key=True),
    Column("provider_type", String(64), nullable=False),
    Column("display_name", Text, nullable=False),
    Column("base_url", Text),
    Column("settings", Json, nullable=False),
    Column("credentials", Text),
    Column("enabled", Boolean, nullable=False),
    Column("monitor_discovered", Boolean, nullable=False),
    Column("requests_per_minute", Integer, nullable=False),
    Column("max_concurrent", Integer, nullable=False),
    Column("lists_models", Boolean, nullable=False),
    Column("enabled_revision", Integer, nullable=False),
    Column("address_revision", Integer, nullable=False),
)

# `watched`: monitored, and not retired; `state` is the contracts' Model.
models = Table(
    "models",
    metadata,
    Column("model_id", Uuid, primary_key=True),
    Column("provider_id", Uuid, nullable=False, index=True),
    Column("name", Text, nullable=False),
    Column("watched", Boolean, nullable=False),
    Column("interval_s", Integer),
    Column("watched_revision", Integer, nullable=False),
    Column("state", Json, nullable=False),
    Column("changed_at", UtcDateTime, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("sequence", BigInteger, nullable=False),
)

# The newest request of a model at a location while it is open (else NULL), and the due time up to
# which requests are answered; for each probe by itself, and for the monitoring (NO_PROBE).
NO_PROBE = UUID(int=0)
open_requests = Table(
    "open_requests",
    metadata,
    Column("model_id", Uuid, primary_key=True),
    Column("location", String(63), primary_key=True),
    Column("probe_id", Uuid, primary_key=True),
    Column("request_id", Uuid),
    Column("due_at", UtcDateTime),
    Column("lapses_at", UtcDateTime),
    Column("answered_until", UtcDateTime),
)

# `budget` is the contracts' Budget.
budgets = Table(
    "budgets",
    metadata,
    Column("budget_id", Uuid, primary_key=True),
    Column("budget", Json, nullable=False),
)
# What benchmarks may cost at most counts for their day as if it were spent.
booked_benchmarks = Table(
    "booked_benchmarks",
    metadata,
    Column("budget_id", Uuid, primary_key=True),
    Column("run_id", Uuid, primary_key=True),
    Column("day", UtcDateTime, nullable=False),
    Column("nano_usd", BigInteger, nullable=False),
)

# From CHECK_REQUESTS: what is kept for checks under way.
reservations = Table(
    "reservations",
    metadata,
    Column("request_id", Uuid, primary_key=True),
    Column("model_id", Uuid, nullable=False),
    Column("provider_id", String(64), nullable=False),
    Column("nano_usd", BigInteger, nullable=False),
    Column("due_at", UtcDateTime, nullable=False, index=True),
    Column("held_until", UtcDateTime, nullable=False, index=True),
)

# From CHECKS: which of those are over, what checks cost on the last days, the price that each
# model had last, and what was last said of each budget, with its place in the stream.
releases = Table(
    "releases",
    metadata,
    Column("request_id", Uuid, primary_key=True),
    Column("completed_at", UtcDateTime, nullable=False, index=True),
    Column("held_until", UtcDateTime, nullable=False, index=True),
)
spending = Table(
    "spending",
    metadata,
    Column("day", UtcDateTime, primary_key=True),
    Column("model_id", Uuid, primary_key=True),
    Column("provider_id", String(64), nullable=False),
    Column("nano_usd", BigInteger, nullable=False),
)
prices = Table(
    "prices",
    metadata,
    Column("model_id", Uuid, primary_key=True),
    Column("price", Json, nullable=False, comment="the contracts' Price"),
)
reports = Table(
    "reports",
    metadata,
    Column("budget_id", Uuid, primary_key=True),
    Column("day", UtcDateTime, nullable=False),
    Column("used_percent", Integer, nullable=False),
    Column("sequence", BigInteger, nullable=False),
)

# One row, once monitoring has been configured; until then the contract's defaults hold.
monitoring = Table(
    "monitoring",
    metadata,
    Column("name", String(16), primary_key=True),
    Column("interval_s", Integer, nullable=False),
    Column("prompt_pack", String(64), nullable=False),
    Column("max_tokens", Integer, nullable=False),
    Column("enabled", Boolean, nullable=False),
    Column("enabled_revision", Integer, nullable=False),
)

# From CHECKS: the longest reply of a model that thinks first.
reply_lengths = Table(
    "reply_lengths",
    metadata,
    Column("model_id", Uuid, primary_key=True),
    Column("longest_tokens", Integer, nullable=False),
)

# From REGISTRY: what else is asked. `definition` is the contracts' Probe.
probes = Table(
    "probes",
    metadata,
    Column("probe_id", Uuid, primary_key=True),
    Column("definition", Json, nullable=False),
)

# From CHECKS: the first vector that a probe got from a model for a text.
pinned_vectors = Table(
    "pinned_vectors",
    metadata,
    Column("probe_id", Uuid, primary_key=True),
    Column("model_id", Uuid, primary_key=True),
    Column("text_sha256", String(64), nullable=False),
    Column("fingerprint", Json, nullable=False, comment="the contracts' Fingerprint"),
)
