"""CHECKS -> how the last checks of each probe went."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, delete, select
from sqlalchemy.ext.asyncio import AsyncConnection

from arguslm_alerting.tables import probe_verdicts
from arguslm_contracts.envelope import Recorded
from arguslm_contracts.events.checks import CheckCompleted
from arguslm_contracts.events.history import HourClosed
from arguslm_contracts.outcomes import Outcome
from arguslm_storage.bulk import rows_among
from arguslm_storage.database import upsert
from arguslm_storage.driver import Row, rows_of

_ALL = select(probe_verdicts)
_DELETE = delete(probe_verdicts).where(
    probe_verdicts.c.probe_id == bindparam("of_probe"),
    probe_verdicts.c.model_id == bindparam("of_model"),
    probe_verdicts.c.location == bindparam("at"),
)
MOST_KNOWN = 10
"""No rule looks further back."""

_Key = tuple[UUID, UUID, str]
"""A probe, a model and a location."""
_Verdict = Mapping[str, Any]


async def fold(connection: AsyncConnection, events: Sequence[Recorded]) -> None:
    """Take up what checks of probes found; let go of what is known of checks that are gone."""
    told: dict[_Key, list[_Verdict]] = {}
    for recorded in events:
        event = recorded.event
        if isinstance(event, CheckCompleted) and event.probe_id is not None and _tells(event):
            key = event.probe_id, event.model_id, event.location
            told.setdefault(key, []).append(_verdict(event, recorded.sequence))
        elif isinstance(event, HourClosed) and event.given_up_through:
            await _add(connection, told)
            told = {}
            await _let_go(connection, event.given_up_through)
    await _add(connection, told)


def _tells(check: CheckCompleted) -> bool:
    """Whether an endpoint is up, liveness tells."""
    return check.measurement.outcome is Outcome.OK or _failure(check) is not None


def _failure(check: CheckCompleted) -> str | None:
    found = (one.message for one in check.measurement.findings if one.level == "fail")
    return next(found, None)


def _verdict(check: CheckCompleted, sequence: int) -> _Verdict:
    return {
        "due_at": check.due_at.isoformat(),
        "check_id": str(check.check_id),
        "completed_at": check.completed_at.isoformat(),
        "sequence": sequence,
        "failure": _failure(check),
    }


def _newest(verdicts: Iterable[_Verdict]) -> list[_Verdict]:
    """Each check once, as it was first recorded, by due time."""
    once: dict[str, _Verdict] = {}
    for verdict in verdicts:
        once.setdefault(verdict["check_id"], verdict)
    ordered = sorted(once.values(), key=lambda one: (one["due_at"], one["check_id"]))
    return ordered[-MOST_KNOWN:]


async def _add(connection: AsyncConnection, told: Mapping[_Key, list[_Verdict]]) -> None:
    if not told:
        return
    columns, (probe_ids, model_ids, _) = probe_verdicts.c, zip(*told, strict=True)
    keys = {columns.probe_id: set(probe_ids), columns.model_id: set(model_ids)}
    known = {_key(row): row["verdicts"] for row in await rows_among(connection, _ALL, keys)}
    await _put(connection, {key: [*known.get(key, []), *new] for key, new in told.items()})


async def _let_go(connection: AsyncConnection, through: int) -> None:
    left = {
        _key(row): [one for one in row["verdicts"] if one["sequence"] > through]
        for row in await rows_of(connection, _ALL)
        if any(one["sequence"] <= through for one in row["verdicts"])
    }
    for (probe_id, model_id, location), verdicts in left.items():
        if not verdicts:
            about = {"of_probe": probe_id, "of_model": model_id, "at": location}
            await rows_of(connection, _DELETE, **about)
    await _put(connection, {key: verdicts for key, verdicts in left.items() if verdicts})


def _key(row: Row) -> _Key:
    return row["probe_id"], row["model_id"], row["location"]


async def _put(connection: AsyncConnection, known: Mapping[_Key, list[_Verdict]]) -> None:
    columns = ("probe_id", "model_id", "location")
    rows = [
        {**dict(zip(columns, key, strict=True)), "verdicts": _newest(verdicts)}
        for key, verdicts in known.items()
    ]
    await upsert(connection, probe_verdicts, rows)
