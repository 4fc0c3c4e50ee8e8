"""The scheduler's tables: the roster, folded from REGISTRY alone, and the requests that are open.

The `..._revision` columns say by which revision something last came to be as it is, so that a
decision can tell "this event switched it on" from "it was on already".
"""

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
# which requests are answered.
open_requests = Table(
    "open_requests",
    metadata,
    Column("model_id", Uuid, primary_key=True),
    Column("location", String(63), primary_key=True),
    Column("request_id", Uuid),
    Column("due_at", UtcDateTime),
    Column("lapses_at", UtcDateTime),
    Column("answered_until", UtcDateTime),
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
