"""CHECKS -> states, history, connection tests and discoveries.

A check counts once, however often its completion is recorded; the order of the stream decides.
Checks that the stream no longer has are known from their hours (`history.py`).
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from functools import reduce
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from arguslm_contracts.envelope import Recorded
from arguslm_contracts.events.checks import (
    CheckCompleted,
    CheckReclassified,
    DiscoveryCompleted,
)
from arguslm_contracts.events.history import CheckSummarized
from arguslm_contracts.outcomes import VERDICTS
from arguslm_contracts.probes import worst_level
from arguslm_contracts.record import Record
from arguslm_query_api import tables
from arguslm_query_api.model import LocationState, after_second_thought, evolve
from arguslm_query_api.projections.storable import storable
from arguslm_storage.bulk import rows_among
from arguslm_storage.columns import JsonText, to_json
from arguslm_storage.database import insert_new, upsert

_CHECK_IDS = select(tables.checks.c.check_id)
_STATES = select(tables.model_states)

_Endpoint = tuple[UUID, str]
"""A model as one location sees it."""

_Telling = CheckCompleted | CheckReclassified | CheckSummarized
"""What tells the state of an endpoint."""
_About = TypeVar("_About", bound=_Telling)


async def fold(
    connection: AsyncConnection, batch: Sequence[Recorded], since: int
) -> list[CheckCompleted]:
    """Checks up to the sequence `since` have been given up. Gives back those that the tables did
    not have: they are to be summed up."""
    found = [
        (one.sequence, one.event)
        for one in batch
        if isinstance(one.event, CheckCompleted) and one.sequence > since
    ]
    tests = [_test_row(at, check) for at, check in found if check.purpose == "connection_test"]
    await insert_new(connection, tables.connection_tests, tests)
    completions = {at: check for at, check in found if check.purpose != "connection_test"}
    checks = await _unseen(connection, completions)
    later = {
        one.sequence: one.event
        for one in batch
        if isinstance(one.event, CheckReclassified | CheckSummarized)
    }
    counted = {sequence: check for sequence, check in checks.items() if check.counts}
    told = counted | later
    if told:
        await _fold_states(connection, [told[sequence] for sequence in sorted(told)])
    rows = [_check_row(sequence, check) for sequence, check in checks.items()]
    await insert_new(connection, tables.checks, rows)
    discoveries = [one.event for one in batch if isinstance(one.event, DiscoveryCompleted)]
    if discoveries:
        await _fold_discoveries(connection, discoveries)
    return list(checks.values())


async def _unseen(
    connection: AsyncConnection, checks: Mapping[int, CheckCompleted]
) -> dict[int, CheckCompleted]:
    """The checks, by sequence, that the tables do not have yet; of twins the first."""
    sequences: dict[UUID, int] = {}
    for sequence, check in checks.items():
        sequences.setdefault(check.check_id, sequence)
    for known in await ids_among(connection, sequences):
        del sequences[known]
    return {sequence: checks[sequence] for sequence in sequences.values()}


async def ids_among(connection: AsyncConnection, check_ids: Iterable[UUID]) -> set[UUID]:
    """Those of these checks that the tables have."""
    found = await rows_among(connection, _CHECK_IDS, {tables.checks.c.check_id: check_ids})
    return set(found.scalars())


def _by_endpoint(events: Iterable[_About]) -> dict[_Endpoint, list[_About]]:
    endpoints: dict[_Endpoint, list[_About]] = defaultdict(list)
    for event in events:
        endpoints[event.model_id, event.location].append(event)
    return endpoints


async def _fold_states(connection: AsyncConnection, events: Sequence[_Telling]) -> None:
    endpoints = _by_endpoint(events)
    model_ids = {model_id for model_id, _ in endpoints}
    known = await rows_among(connection, _STATES, {tables.model_states.c.model_id: model_ids})
    stored = {(row["model_id"], row["location"]): LocationState(**row) for row in known.mappings()}
    states = [
        reduce(_state_after, told, stored.get(endpoint) or LocationState(*endpoint))
        for endpoint, told in endpoints.items()
    ]
    seen = [state._asdict() for state in states if state.last_check_id is not None]
    await upsert(connection, tables.model_states, seen)


def _state_after(before: LocationState, event: _Telling) -> LocationState:
    """An hour tells the state that its checks led to, for whoever no longer finds them."""
    if isinstance(event, CheckCompleted):
        return evolve(before, event)
    if isinstance(event, CheckReclassified):
        return after_second_thought(before, event)
    if not event.counts:
        return before
    told = LocationState(event.model_id, event.location, **event.standing.model_dump())
    assert told.last_due_at is not None
    older = before.last_due_at is not None and told.last_due_at < before.last_due_at
    return before if older else told


async def _fold_discoveries(
    connection: AsyncConnection, discoveries: Sequence[DiscoveryCompleted]
) -> None:
    """The newest discovery of each provider; what a request finds a second time does not count."""
    table = tables.discoveries
    query = select(table.c.provider_id, table.c.request_id, table.c.completed_at).where(
        table.c.provider_id.in_({found.provider_id for found in discoveries})
    )
    known = {row[0]: (row[1], row[2]) for row in await connection.execute(query)}
    newest: dict[UUID, DiscoveryCompleted] = {}
    for found in discoveries:
        request_id, completed_at = known.get(found.provider_id, (None, found.completed_at))
        if found.request_id != request_id and found.completed_at >= completed_at:
            newest[found.provider_id] = found
            known[found.provider_id] = (found.request_id, found.completed_at)
    await upsert(connection, table, [_discovery_row(found) for found in newest.values()])


def _test_row(sequence: int, test: CheckCompleted) -> dict[str, Any]:
    return {
        "sequence": sequence,
        "check_id": test.check_id,
        "completed_at": test.completed_at,
        "completion": json_of(test),
    }


def json_of(record: Record) -> JsonText:
    """What is stored of a record: without what it leaves open, and fit for PostgreSQL."""
    text = record.model_dump_json(exclude_none=True)
    if "\\u0000" in text:
        text = to_json(storable(record.model_dump(mode="json", exclude_none=True)))
    return JsonText(text)


def _check_row(sequence: int, check: CheckCompleted) -> dict[str, Any]:
    measured = check.measurement
    verdict = VERDICTS[measured.outcome]
    return {
        "check_id": check.check_id,
        "model_id": check.model_id,
        "location": check.location,
        "purpose": check.purpose,
        "kind": check.kind.value,
        "probe_id": check.probe_id,
        "worst_finding": worst_level(measured.findings),
        "run_id": check.run_id,
        "due_at": check.due_at,
        "started_at": check.started_at,
        "completed_at": check.completed_at,
        "outcome": measured.outcome.value,
        "available": verdict.available,
        "usable": verdict.usable,
        "ttft_ms": measured.timing.first_token_ms,
        "tokens_per_s": measured.tokens_per_s,
        "total_ms": measured.timing.total_ms,
        "output_tokens": measured.usage.output_tokens,
        "trustworthy": measured.audit.trustworthy,
        "sequence": sequence,
        "measurement": json_of(measured),
    }


def _discovery_row(found: DiscoveryCompleted) -> dict[str, Any]:
    return {
        "provider_id": found.provider_id,
        "request_id": found.request_id,
        "outcome": found.outcome.value,
        "message": storable(found.message),
        "models": storable(found.model_dump(mode="json")["models"]),
        "models_found": len(found.models),
        "completed_at": found.completed_at,
    }
