"""Alerts: open and past, who acknowledged them, and who was told."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import Literal
from uuid import UUID

from sqlalchemy import ColumnElement, RowMapping, Select, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from arguslm_contracts.rest.alerts import (
    AlertListResponse,
    AlertResponse,
    NotificationRecord,
    RecentAlertsResponse,
)
from arguslm_query_api import tables
from arguslm_query_api.reads.rules import (
    list_channels,
    list_rules,
    stored_channel,
    stored_rule,
)
from arguslm_storage.database import in_chunks

__all__ = [
    "find_alerts",
    "get_alert",
    "list_alerts",
    "list_channels",
    "list_rules",
    "notification_test",
    "recent",
    "stored_channel",
    "stored_rule",
    "unread_count",
]

_ALERTS, _NOTIFICATIONS = tables.alerts, tables.notifications
_NEWEST_FIRST = (_ALERTS.c.raised_at.desc(), _ALERTS.c.alert_id.desc())
_OPEN = _ALERTS.c.resolved_at.is_(None)
_UNACKNOWLEDGED = _ALERTS.c.acknowledged_at.is_(None)


async def list_alerts(
    connection: AsyncConnection,
    *,
    rule_id: UUID | None = None,
    acknowledged: bool | None = None,
    state: Literal["open", "resolved"] | None = None,
    since: datetime | None = None,
    limit: int = 50,
    offset: int = 0,
) -> AlertListResponse:
    """One page, newest first; `since` is compared with when an alert was raised."""
    query = select(_ALERTS)
    if rule_id is not None:
        query = query.where(_ALERTS.c.rule_id == rule_id)
    if acknowledged is not None:
        query = query.where(~_UNACKNOWLEDGED if acknowledged else _UNACKNOWLEDGED)
    if state is not None:
        query = query.where(_OPEN if state == "open" else ~_OPEN)
    if since is not None:
        query = query.where(_ALERTS.c.raised_at >= since)
    total = (
        await connection.scalar(query.with_only_columns(func.count(), maintain_column_froms=True))
        or 0
    )
    page = query.order_by(*_NEWEST_FIRST).limit(limit).offset(offset)
    return AlertListResponse(
        items=await _with_notifications(connection, page),
        unacknowledged_count=await _count(connection, _UNACKNOWLEDGED),
        total=total,
        limit=limit,
        offset=offset,
    )


async def get_alert(connection: AsyncConnection, alert_id: UUID) -> AlertResponse | None:
    found = await find_alerts(connection, [alert_id])
    return found[0] if found else None


async def find_alerts(
    connection: AsyncConnection, alert_ids: Sequence[UUID]
) -> list[AlertResponse]:
    """Those of the asked alerts that exist, newest first."""
    query = select(_ALERTS).where(_ALERTS.c.alert_id.in_(alert_ids)).order_by(*_NEWEST_FIRST)
    return await _with_notifications(connection, query)


async def recent(connection: AsyncConnection, limit: int = 10) -> RecentAlertsResponse:
    """The newest alerts of rules that notify in the app, and how many still want somebody."""
    query = select(_ALERTS).where(_ALERTS.c.notify_in_app).order_by(*_NEWEST_FIRST).limit(limit)
    return RecentAlertsResponse(
        items=await _with_notifications(connection, query),
        total_unread=await unread_count(connection),
    )


async def unread_count(connection: AsyncConnection) -> int:
    """Open alerts that nobody acknowledged, of rules that notify in the app.

    What is over wants nobody any more: a resolved alert stays in the list and leaves the count.
    """
    return await _count(connection, _OPEN & _UNACKNOWLEDGED & _ALERTS.c.notify_in_app)


async def notification_test(
    connection: AsyncConnection, test_id: UUID
) -> NotificationRecord | None:
    """What became of a test message; None while it is on its way."""
    told = await _notifications(connection, [test_id])
    return told[test_id][0] if test_id in told else None


async def _count(connection: AsyncConnection, condition: ColumnElement[bool]) -> int:
    query = select(func.count()).select_from(_ALERTS).where(condition)
    return await connection.scalar(query) or 0


async def _with_notifications(
    connection: AsyncConnection, query: Select[tuple[object, ...]]
) -> list[AlertResponse]:
    rows = (await connection.execute(query)).mappings().all()
    told = await _notifications(connection, [row["alert_id"] for row in rows])
    return [_response(row, told.get(row["alert_id"], [])) for row in rows]


async def _notifications(
    connection: AsyncConnection, alert_ids: Sequence[UUID]
) -> dict[UUID, list[NotificationRecord]]:
    told: dict[UUID, list[NotificationRecord]] = defaultdict(list)
    for some in in_chunks(alert_ids):
        query = (
            select(_NOTIFICATIONS)
            .where(_NOTIFICATIONS.c.alert_id.in_(some))
            .order_by(_NOTIFICATIONS.c.at, _NOTIFICATIONS.c.channel_id)
        )
        for row in (await connection.execute(query)).mappings():
            told[row["alert_id"]].append(NotificationRecord.model_validate(dict(row)))
    return dict(told)


def _response(row: RowMapping, notifications: list[NotificationRecord]) -> AlertResponse:
    given = dict(row)
    return AlertResponse(
        **{name: given[name] for name in AlertResponse.model_fields if name in given},
        id=row["alert_id"],
        state="open" if row["resolved_at"] is None else "resolved",
        acknowledged=row["acknowledged_at"] is not None,
        notifications=notifications,
        created_at=row["raised_at"],
    )
