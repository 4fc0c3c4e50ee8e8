"""CHECKS -> how the last checks of each probe went."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import delete, select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from arguslm_alerting.tables import probe_verdicts
from arguslm_contracts.envelope import Recorded
from arguslm_contracts.events.checks import CheckCompleted
from arguslm_contracts.events.history import HourClosed
from arguslm_contracts.outcomes import Outcome
from arguslm_storage.database import in_chunks, upsert

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
    columns, known = probe_verdicts.c, dict[_Key, list[_Verdict]]()
    keyed = tuple_(columns.probe_id, columns.model_id, columns.location)
    for some in in_chunks(list(told), 400):
        query = select(probe_verdicts).where(keyed.in_(some))
        for row in await connection.execute(query):
            known[row.probe_id, row.model_id, row.location] = row.verdicts
    await _put(connection, {key: [*known.get(key, []), *new] for key, new in told.items()})


async def _let_go(connection: AsyncConnection, through: int) -> None:
    rows = (await connection.execute(select(probe_verdicts))).all()
    left = {
        (row.probe_id, row.model_id, row.location): [
            one for one in row.verdicts if one["sequence"] > through
        ]
        for row in rows
        if any(one["sequence"] <= through for one in row.verdicts)
    }
    columns = probe_verdicts.c
    for (probe_id, model_id, location), verdicts in left.items():
        if not verdicts:
            await connection.execute(
                delete(probe_verdicts).where(
                    columns.probe_id == probe_id,
                    columns.model_id == model_id,
                    columns.location == location,
                )
            )
    await _put(connection, {key: verdicts for key, verdicts in left.items() if verdicts})


async def _put(connection: AsyncConnection, known: Mapping[_Key, list[_Verdict]]) -> None:
    columns = ("probe_id", "model_id", "location")
    rows = [
        {**dict(zip(columns, key, strict=True)), "verdicts": _newest(verdicts)}
        for key, verdicts in known.items()
    ]
    await upsert(connection, probe_verdicts, rows)
