"""Runs of answers are known from the hours when their checks are gone."""

import random
from datetime import UTC, datetime

from alerting_stories import DOWN, OK, SILENT, check
from event_samples import summary_of
from sqlalchemy import delete, select

from arguslm_alerting.projections import fold_checks
from arguslm_alerting.tables import endpoint_states
from arguslm_contracts.endpoint_state import EndpointState, evolve
from arguslm_contracts.envelope import Recorded
from arguslm_contracts.events.base import Event
from arguslm_contracts.events.checks import CheckCompleted
from arguslm_storage.database import Database


def stream(seed: int) -> list[Event]:
    """Checks, some late, and after each ten a summary that knows all before it."""
    dice = random.Random(seed)
    events: list[Event] = []
    state: EndpointState | None = None
    for number in range(60):
        outcome = dice.choices((OK, DOWN, SILENT), (8, 1, 1))[0]
        one = check("gpt", number - dice.choice((0, 0, 0, 0.5, 20)), outcome)
        state = evolve(state, one)
        events.append(one)
        if number % 10 == 3:
            events.append(summary_of(one, state))
    return events


async def folded(database: Database, events: list[tuple[int, Event]], batch: int) -> list[object]:
    async with database.writing() as connection:
        await connection.execute(delete(endpoint_states))
        for start in range(0, len(events), batch):
            await fold_checks(connection, [_recorded(*one) for one in events[start:][:batch]])
        return [dict(row) for row in (await connection.execute(select(endpoint_states))).mappings()]


def _recorded(sequence: int, event: Event) -> Recorded:
    now = datetime(2026, 11, 1, tzinfo=UTC)
    return Recorded(event, event.event_id, "test", now, "CHECKS", sequence, event.subject)


async def test_the_states_are_the_same_however_many_checks_are_left(database: Database) -> None:
    for seed in range(10):
        events = list(enumerate(stream(seed), 1))
        whole = await folded(database, events, 7)
        for batch, gone in ((1, 20), (7, 33), (500, 52)):
            # What goes has been summed up by a summary that is still to come.
            left = [
                one for one in events if one[0] > gone or not isinstance(one[1], CheckCompleted)
            ]
            assert await folded(database, left, batch) == whole
