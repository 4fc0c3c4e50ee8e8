"""Which events are judged, and that the others are folded together."""

from collections.abc import Sequence

import pytest
from alerting_bench import Stage
from alerting_stories import (
    DOWN,
    OK,
    SILENT,
    at,
    check,
    checks,
    model,
    rule,
    ruled,
    watched,
)

from arguslm_alerting.relevance import first_that_matters
from arguslm_contracts.events import registry
from arguslm_contracts.events.base import Event
from arguslm_storage.database import Database
from arguslm_testkit.bus import BusForTests

EVERYWHERE = rule("all", "model_unavailable_everywhere", target_model_name="llama")


@pytest.fixture
def stage(bus: BusForTests) -> Stage:
    return Stage(bus)


def registered(name: str) -> Event:
    return registry.ModelRegistered(revision=1, at=at(50), model=model(name))


async def first_after(
    stage: Stage, database: Database, before: Sequence[Event], events: Sequence[Event]
) -> int | None:
    async with stage.deciding(database) as decider:
        await stage.say(*before)
        await stage.judged(decider)
    async with database.writing() as connection:
        return await first_that_matters(connection, events)


BOTH_WELL = [*watched("gpt", "llama"), *ruled(rule()), check("gpt", 1), check("llama", 1)]
GPT_DOWN = [*watched("gpt", "llama"), *ruled(rule()), *checks("gpt", [DOWN, DOWN])]
ALL_DOWN = [*watched("llama"), *ruled(EVERYWHERE), *checks("llama", [DOWN, DOWN])]


@pytest.mark.parametrize(
    ("before", "events", "first"),
    [
        pytest.param(BOTH_WELL, checks("gpt", [OK] * 9), None, id="all is well"),
        pytest.param(BOTH_WELL, checks("gpt", [OK, SILENT, OK, DOWN, OK]), 3, id="a failure"),
        pytest.param(GPT_DOWN, [check("llama", 5), check("gpt", 6)], 1, id="an alert is open"),
        pytest.param(
            GPT_DOWN, [check("gpt", 5, DOWN), check("gpt", 6)], 0, id="a failure comes first"
        ),
        pytest.param(ALL_DOWN, [check("gpt", 5)], 0, id="an alert on all of their like"),
        pytest.param(BOTH_WELL, [registered("new"), registered("newer")], None, id="new models"),
        pytest.param(
            [*watched("llama"), *checks("gpt", [DOWN, DOWN])],
            [registered("new"), registered("gpt")],
            1,
            id="a new model that was heard of",
        ),
        pytest.param(
            BOTH_WELL,
            [registered("new"), registry.ModelUpdated(revision=2, at=at(51), model=model("new"))],
            1,
            id="a changed model",
        ),
    ],
)
async def test_the_first_event_that_matters(
    stage: Stage,
    database: Database,
    before: Sequence[Event],
    events: Sequence[Event],
    first: int | None,
) -> None:
    assert await first_after(stage, database, before, events) == first
