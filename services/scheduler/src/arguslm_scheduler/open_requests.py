"""Which request of each model, location and probe is open: asked for, and neither answered nor
abandoned.

Requests and answers are heard side by side, in any order. So a row keeps the newest on either
side, by due time, and is the same whichever came first.
"""

from collections.abc import Collection, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import BindParameter, Select, bindparam, delete, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from arguslm_contracts.envelope import Recorded
from arguslm_contracts.events.checks import (
    CheckAbandoned,
    CheckCompleted,
    CheckRequested,
    ClockTicked,
)
from arguslm_contracts.outcomes import Outcome
from arguslm_scheduler.model import Row
from arguslm_scheduler.tables import NO_PROBE, open_requests
from arguslm_storage.bulk import rows_among
from arguslm_storage.database import upsert
from arguslm_storage.driver import rows_of, run

Key = tuple[UUID, str, UUID]
"""A model, a location and a probe: what one takes long over keeps no other waiting."""

# Shorter than the streams keep what a row is made of, or a rebuild would not find it again.
_FORGOTTEN_AFTER = timedelta(hours=20)
_ROWS = select(open_requests)
_BEFORE: BindParameter[datetime] = bindparam("before")
_FORGET = delete(open_requests).where(
    or_(open_requests.c.due_at.is_(None), open_requests.c.due_at < _BEFORE),
    or_(open_requests.c.answered_until.is_(None), open_requests.c.answered_until < _BEFORE),
)
_OPEN = _ROWS.where(open_requests.c.due_at.is_not(None))


def evolve(before: Row | None, event: CheckRequested | CheckCompleted | CheckAbandoned) -> Row:
    """The row of a model, a location and a probe after an event about it."""
    row: dict[str, Any] = dict(before) if before else _empty(event)
    if isinstance(event, CheckRequested):
        if row["due_at"] is None or row["due_at"] < event.due_at:
            row |= {
                "request_id": event.request_id,
                "due_at": event.due_at,
                "lapses_at": event.lapses_at,
            }
    else:
        until = event.since if isinstance(event, CheckAbandoned) else event.due_at
        row["answered_until"] = max(row["answered_until"] or until, until)
    is_answered = (
        row["due_at"] is not None
        and row["answered_until"] is not None
        and row["due_at"] <= row["answered_until"]
    )
    if is_answered:
        return row | dict.fromkeys(("request_id", "due_at", "lapses_at"))
    return row | {"answered_until": None} if _is_long_ago(row) else row


def _is_long_ago(row: Row) -> bool:
    """Whether the last answer is so old that a row with nothing open would have been forgotten."""
    due_at, answered_until = row["due_at"], row["answered_until"]
    if due_at is None or answered_until is None:
        return False
    return bool(answered_until < due_at - _FORGOTTEN_AFTER)


def _empty(event: CheckRequested | CheckCompleted | CheckAbandoned) -> dict[str, Any]:
    row = dict.fromkeys(column.name for column in open_requests.c)
    return row | dict(zip(("model_id", "location", "probe_id"), key_of(event), strict=True))


def key_of(event: CheckRequested | CheckCompleted | CheckAbandoned) -> Key:
    return event.model_id, event.location, event.probe_id or NO_PROBE


def opens_or_ends(event: object) -> bool:
    """Whether an event says that a model is being asked, or no longer. A skipped slot is neither,
    unless its budget refused it: that one was to be asked. A connection test is a person's who
    waits for it."""
    match event:
        case CheckRequested():
            return event.skip_reason is None and event.purpose != "connection_test"
        case CheckCompleted():
            skipped = event.measurement.outcome is Outcome.SKIPPED and event.allowance is None
            return not skipped and event.purpose != "connection_test"
    return isinstance(event, CheckAbandoned)


async def fold(connection: AsyncConnection, events: Sequence[Recorded]) -> None:
    """Bring the rows to the state after these events of CHECK_REQUESTS or CHECKS."""
    about = [
        event
        for event in (recorded.event for recorded in events)
        if isinstance(event, CheckRequested | CheckCompleted | CheckAbandoned)
        and opens_or_ends(event)
    ]
    if not about:
        return
    await _take_turn(connection)
    stored = await _of_models(connection, _ROWS, {event.model_id for event in about})
    rows: dict[Key, Row] = {}
    for event in about:
        key = key_of(event)
        rows[key] = evolve(rows.get(key) or stored.get(key), event)
    await upsert(connection, open_requests, list(rows.values()))


async def forget(connection: AsyncConnection, events: Sequence[Recorded]) -> None:
    """Once a minute, let go of models that nobody asks any more."""
    ticks = [one.event for one in events if isinstance(one.event, ClockTicked)]
    full_minutes = [tick.second for tick in ticks if tick.begins_minute]
    if not full_minutes:
        return
    before = datetime.fromtimestamp(max(full_minutes), UTC) - _FORGOTTEN_AFTER
    await _take_turn(connection)
    await rows_of(connection, _FORGET, before=before)


async def all_open(connection: AsyncConnection) -> dict[Key, Row]:
    """Every open request."""
    return _by_key(await rows_of(connection, _OPEN))


async def open_of(connection: AsyncConnection, model_ids: Collection[UUID]) -> dict[Key, Row]:
    """The open requests of these models."""
    return await _of_models(connection, _OPEN, model_ids)


async def _of_models(
    connection: AsyncConnection, query: Select[Any], model_ids: Collection[UUID]
) -> dict[Key, Row]:
    return _by_key(await rows_among(connection, query, {open_requests.c.model_id: model_ids}))


def _by_key(rows: Iterable[Row]) -> dict[Key, Row]:
    return {(row["model_id"], row["location"], row["probe_id"]): row for row in rows}


async def _take_turn(connection: AsyncConnection) -> None:
    """Three streams write these rows, each in transactions of its own: one after the other."""
    if connection.dialect.name == "postgresql":
        await run(connection, f"LOCK TABLE {open_requests.name} IN EXCLUSIVE MODE")
