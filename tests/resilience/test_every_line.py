"""A decider that dies at any line between hearing of an event and having committed it: its next
life says each decision that is due, once, however late it comes."""

import asyncio
import random
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from types import CodeType, FrameType
from typing import Any
from unittest.mock import patch
from uuid import UUID

import pytest
from fake_broker import Chances, FakeBroker
from memory_tables import MemoryTables
from virtual_time import BEGIN_S, VirtualDatetime, run_virtually

from arguslm_alerting import deciding
from arguslm_alerting import projections as alerting
from arguslm_bus import publisher as publisher_module
from arguslm_bus.decider import Decider
from arguslm_bus.projector import Projector
from arguslm_bus.publisher import Publisher
from arguslm_bus.tables import ServiceTables
from arguslm_contracts.events.alerts import AlertRaised
from arguslm_contracts.events.base import Event
from arguslm_contracts.events.checks import CheckCompleted, ClockTicked
from arguslm_contracts.events.registry import (
    Model,
    ModelRegistered,
    MonitoringConfig,
    MonitoringConfigured,
    Provider,
    ProviderRegistered,
    Rule,
    RuleCreated,
)
from arguslm_contracts.measurement import Measurement
from arguslm_contracts.outcomes import Outcome
from arguslm_scheduler import projections as scheduler
from arguslm_scheduler.app import decider_of

AT = datetime.fromtimestamp(BEGIN_S - 100, UTC)
PROVIDER, RULE = UUID(int=1), UUID(int=2)
MODELS = [UUID(int=10), UUID(int=11)]
STEPPED: set[CodeType] = {
    function.__code__
    for function in (
        Projector._project,
        Decider.apply,
        Decider._judge,
        Decider._speak,
        Decider._publish,
        Decider._was_said,
        Publisher.append,
    )
}
# A test that steps through fewer lines tests nothing.
LEAST_LINES = 50
# Of virtual time: a life that gets no further is told, not waited for.
_AT_MOST_S = 3_600.0


class PowerCut(BaseException):
    """Nothing catches it, as nothing catches kill -9."""


@contextmanager
def dies_at(moment: int | None) -> Iterator[list[tuple[CodeType, int]]]:
    """Raise PowerCut at the so-many-th moment of the stepped functions; gives the lines so far."""
    passed: list[tuple[CodeType, int]] = []

    def step(frame: FrameType, what: str, _argument: Any) -> Any:
        if what == "line":
            passed.append((frame.f_code, frame.f_lineno))
            if len(passed) == moment:
                raise PowerCut
        return step

    def enter(frame: FrameType, _what: str, _argument: Any) -> Any:
        return step if frame.f_code in STEPPED else None

    sys.settrace(enter)
    try:
        yield passed
    finally:
        sys.settrace(None)


def moments(passed: list[tuple[CodeType, int]]) -> list[int]:
    """When each line was reached for the first and for the last time."""
    first = {line: n for n, line in reversed(list(enumerate(passed, start=1)))}
    last = {line: n for n, line in enumerate(passed, start=1)}
    return sorted({*first.values(), *last.values()})


def registered() -> list[Event]:
    provider = Provider(
        provider_id=PROVIDER, provider_type="openai", display_name="P", created_at=AT
    )
    rule = Rule(rule_id=RULE, name="any", rule_type="any_model_down", created_at=AT)
    models = [
        Model(model_id=m, provider_id=PROVIDER, name=str(m.int), monitored=True, created_at=AT)
        for m in MODELS
    ]
    return [
        MonitoringConfigured(revision=1, at=AT, config=MonitoringConfig(interval_s=10)),
        ProviderRegistered(revision=1, at=AT, provider=provider, discover=False),
        RuleCreated(revision=1, at=AT, rule=rule),
        *(ModelRegistered(revision=1, at=AT, model=model) for model in models),
    ]


def failed(model_id: UUID, number: int) -> CheckCompleted:
    at = AT + timedelta(seconds=number)
    return CheckCompleted(
        check_id=UUID(int=model_id.int * 100 + number),
        model_id=model_id,
        provider_id=str(PROVIDER),
        provider_type="openai",
        provider_name="P",
        model="m",
        location="local",
        due_at=at,
        started_at=at,
        completed_at=at,
        measurement=Measurement.of(Outcome.SERVER_ERROR),
    )


def ticks() -> list[Event]:
    second = int(BEGIN_S)
    return [
        ClockTicked(second=second + n * 10, previous_second=second + (n - 1) * 10) for n in (0, 1)
    ]


def failures() -> list[Event]:
    return [failed(model, number) for number in (1, 2, 3) for model in MODELS]


STORIES: dict[str, tuple[ServiceTables, Callable[[], list[Event]], str, int]] = {
    # Two first checks, and two of each tick; an alert of each model.
    "scheduler": (scheduler.SERVICE_TABLES, ticks, "CHECK_REQUESTS", 6),
    "alerting": (alerting.SERVICE_TABLES, failures, "ALERTS", 2),
}


def decider(service: str, broker: FakeBroker, tables: MemoryTables) -> Decider:
    client: Any = broker.client()
    if service == "scheduler":
        return decider_of(client, tables, ("local",))  # type: ignore[arg-type]
    return deciding.decider_of(client, tables)  # type: ignore[arg-type]


def decision(event: Event) -> str:
    """What was decided, whichever event tipped it: streams are read side by side, so a model may be
    found down by a check, or by the registry that tells which models there are."""
    if isinstance(event, AlertRaised):
        return f"raised {event.rule_id} {event.model_id}"
    return event.event_id


async def at_the_head(service: str, broker: FakeBroker, tables: MemoryTables) -> None:
    """One life that ends when there is nothing more to hear, or when it is cut short."""
    living = decider(service, broker, tables)
    running = asyncio.create_task(living.run())
    try:
        async with asyncio.timeout(_AT_MOST_S):
            while not running.done() and any(  # noqa: ASYNC110 - in virtual time this is a leap
                living.position(stream) < len(broker.streams[stream].messages)
                for stream in living.tables.folds
            ):
                await asyncio.sleep(0.1)
        if running.done():
            await running
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def story(
    service: str, moment: int | None, late_s: float
) -> tuple[list[tuple[CodeType, int]], list[str], bool]:
    """Die at a moment, live again so much later: lines passed, decisions, whether tables agree."""
    service_tables, causes, stream, _ = STORIES[service]
    broker = FakeBroker(random.Random(1), Chances(0, 0, 0, 0, 0, 0))
    tables = MemoryTables(service_tables, 1)
    publisher = Publisher(broker.client(), "query-api")  # type: ignore[arg-type]
    for event in [*registered(), *causes()]:
        await publisher.append(event)
    with dies_at(moment) as passed:
        try:
            await at_the_head(service, broker, tables)
        except* PowerCut:
            pass
    await asyncio.sleep(late_s)
    await at_the_head(service, broker, tables)
    said = [decision(recorded.event) for recorded in broker.events()[stream]]
    live = tables.rows()
    rebuilt = MemoryTables(service_tables, 99)
    await rebuilt.fold_anyhow(random.Random(1), broker.events())
    return passed, said, live == rebuilt.rows()


def told(
    service: str, moment: int | None, late_s: float
) -> tuple[list[tuple[CodeType, int]], list[str], bool]:
    with patch.object(publisher_module, "datetime", VirtualDatetime):
        return run_virtually(story(service, moment, late_s))


@pytest.mark.timeout(900)
@pytest.mark.parametrize(
    ("late_s", "every"), [(0.0, 3), (7_200.0, 1)], ids=["at once", "after the dedup window"]
)
@pytest.mark.parametrize("service", STORIES)
def test_each_decision_once_wherever_it_dies(service: str, late_s: float, every: int) -> None:
    """At once the broker still remembers what was said, and each third line will do."""
    passed, expected, _ = told(service, None, late_s)
    assert len(expected) == STORIES[service][3]
    assert len(set(passed)) > LEAST_LINES
    for moment in moments(passed)[::every]:
        _, said, agree = told(service, moment, late_s)
        code, line = passed[moment - 1]
        assert Counter(said) == Counter(expected), f"after dying in {code.co_name}, line {line}"
        assert agree, f"tables after dying in {code.co_name}, line {line}"
