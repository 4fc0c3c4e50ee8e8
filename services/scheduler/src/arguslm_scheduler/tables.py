"""The scheduler's tables: the roster, folded from REGISTRY alone, and what CHECKS tells of models.

The `..._revision` columns say by which revision something last came to be as it is, so that a
decision can tell "this event switched it on" from "it was on already".
"""

from sqlalchemy import Boolean, Column, Integer, MetaData, String, Table, Text, Uuid

from arguslm_storage.checkpoints import checkpoint_table
from arguslm_storage.columns import Json

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
    Column("enabled_revision", Integer, nullable=False),
    Column("address_revision", Integer, nullable=False),
)

models = Table(
    "models",
    metadata,
    Column("model_id", Uuid, primary_key=True),
    Column("provider_id", Uuid, nullable=False, index=True),
    Column("name", Text, nullable=False),
    Column("monitored", Boolean, nullable=False),
    Column("interval_s", Integer),
    Column("monitored_revision", Integer, nullable=False),
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
