"""ALERTS -> what was judged and told."""

from sqlalchemy import (
    Boolean,
    Column,
    Index,
    Integer,
    String,
    Table,
    Text,
    Uuid,
)

from arguslm_query_api.tables.shared import metadata
from arguslm_storage.columns import UtcDateTime

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
