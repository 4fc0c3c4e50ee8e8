"""Probes: when they are due, what they ask, and what they remember."""

from collections import Counter
from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from watched import (
    NOW,
    SECOND,
    StartScheduler,
    Voice,
    added,
    completed,
    model,
    provider,
    registered,
    requests_in,
)

from arguslm_bus.rebuild import verify
from arguslm_contracts.events.checks import CheckCompleted, CheckRequested, ClockTicked
from arguslm_contracts.events.probes import Probe, ProbeCreated, ProbeRemoved, ProbeUpdated
from arguslm_contracts.measurement import Measurement, Usage
from arguslm_contracts.outcomes import Outcome
from arguslm_contracts.probes import Embedding, Fingerprint, ProbeKind, text_sha256
from arguslm_scheduler.model import Slot, Watched
from arguslm_scheduler.probe_questions import question_of
from arguslm_scheduler.projections import SERVICE_TABLES
from arguslm_scheduler.schedule import all_due, cron_second
from arguslm_storage.database import open_database
from arguslm_storage.settings import StorageSettings
from arguslm_testkit.bus import BusForTests

PROVIDER = provider()
SWIFT, CALM = model(PROVIDER, "swift", interval_s=60), model(PROVIDER, "calm", interval_s=60)


def probe(kind: ProbeKind = ProbeKind.CANARY, **fields: object) -> Probe:
    timed = {} if "cron" in fields else {"interval_s": 30}
    given = {"probe_id": UUID(int=7), "name": "P", "created_at": NOW, **timed, **fields}
    return Probe(kind=kind, **given)


def watched_models(count: int) -> dict[UUID, UUID]:
    return {uuid4(): PROVIDER.provider_id for _ in range(count)}


def probe_slots(
    one: Probe, models: dict[UUID, UUID], locations: list[str], tick: ClockTicked
) -> list[Slot]:
    checks, due = all_due(Watched(0, providers=models), [one], locations, tick)
    assert checks == []
    assert {probe for probe, _ in due} <= {one}
    return [slot for _, slot in due]


@given(
    interval_s=st.integers(10, 5_000),
    ticks=st.lists(st.integers(1, 90), min_size=1, max_size=60),
)
def test_however_time_is_cut_a_probe_asks_the_same(interval_s: int, ticks: list[int]) -> None:
    """While no tick is longer than the interval, none is left out."""
    ticks = [min(length, interval_s) for length in ticks]
    models, every = watched_models(3), probe(interval_s=interval_s)
    whole = range(SECOND, SECOND + sum(ticks))
    by_second = [
        slot
        for second in whole
        for slot in probe_slots(
            every, models, ["a", "b"], ClockTicked(second=second + 1, previous_second=second)
        )
    ]
    by_tick, second = [], SECOND
    for length in ticks:
        tick = ClockTicked(second=second + length, previous_second=second)
        by_tick += probe_slots(every, models, ["a", "b"], tick)
        second += length
    assert set(by_tick) == set(by_second)
    assert len(by_tick) == len(by_second)


@pytest.mark.parametrize(
    ("cron", "after", "until", "due"),
    [
        ("*/15 * * * *", "12:00:00", "12:14:59", None),
        ("*/15 * * * *", "12:14:59", "12:15:00", "12:15:00"),
        ("*/15 * * * *", "12:15:00", "12:15:30", None),
        ("*/15 * * * *", "12:00:00", "12:50:00", "12:45:00"),
        ("30 8-10 * * MON-FRI", "08:00:00", "12:00:00", "10:30:00"),
        ("0 0 1 1 *", "00:00:00", "23:59:59", None),
    ],
)
def test_a_cron_expression_is_due_at_its_minute_in_utc(
    cron: str, after: str, until: str, due: str | None
) -> None:
    def second(clock: str) -> int:
        return int(datetime.fromisoformat(f"2026-11-26T{clock}+00:00").timestamp())

    tick = ClockTicked(second=second(until), previous_second=second(after))
    assert cron_second(cron, tick) == (second(due) if due else None)


def test_no_probe_counts_for_uptime() -> None:
    with pytest.raises(ValueError, match="liveness is what monitoring asks"):
        probe(ProbeKind.LIVENESS)


def test_a_scope_is_everything_a_provider_or_a_model_and_what_is_off_asks_nobody() -> None:
    models, tick = watched_models(3), ClockTicked(second=SECOND + 30, previous_second=SECOND)

    def asks(**fields: object) -> int:
        return len(probe_slots(probe(**fields), models, ["here"], tick))

    assert (asks(), asks(provider_id=PROVIDER.provider_id)) == (3, 3)
    assert asks(model_id=list(models)[1]) == 1
    assert (asks(provider_id=uuid4()), asks(model_id=uuid4()), asks(enabled=False)) == (0, 0, 0)


def test_chance_is_the_request_s_own() -> None:
    for kind in (ProbeKind.CANARY, ProbeKind.LONG_CONTEXT):
        one, other = (UUID(int=n) for n in (1, 2))
        question = question_of(probe(kind), one)
        assert question == question_of(probe(kind), one)
        assert question.prompt != question_of(probe(kind), other).prompt
        assert question.expected_answer is not None
        assert question.prompt.count(question.expected_answer) == 1
    short, long = (
        question_of(probe(ProbeKind.LONG_CONTEXT, context_words=n), UUID(int=1)).prompt
        for n in (100, 5_000)
    )
    assert 90 < len(short.split()) < 150
    assert 5_000 < len(long.split()) < 5_060


def test_every_kind_has_a_question_and_a_person_s_own_comes_first() -> None:
    for kind in set(ProbeKind) - {ProbeKind.LIVENESS}:
        assert question_of(probe(kind), UUID(int=1)).prompt
        assert "ours" in question_of(probe(kind, prompt="ours"), UUID(int=1)).prompt or (
            kind is ProbeKind.LONG_CONTEXT
        )
    schema: dict[str, object] = {"type": "array"}
    assert question_of(probe(ProbeKind.JSON_SCHEMA), UUID(int=1)).answer_schema is not None
    given_one = question_of(probe(ProbeKind.JSON_SCHEMA, answer_schema=schema), UUID(int=1))
    assert given_one.answer_schema == schema


async def test_a_probe_is_asked_beside_the_monitoring_and_slows_nothing_down(
    bus: BusForTests, storage: StorageSettings, start_scheduler: StartScheduler
) -> None:
    voice, scheduler = await Voice.on(bus), await start_scheduler(storage)
    await voice.say(registered(PROVIDER))
    for one in (SWIFT, CALM):
        await scheduler.has_judged(await voice.say(added(one)))
    canary = probe(model_id=SWIFT.model_id)
    await scheduler.has_judged(await voice.say(ProbeCreated(revision=1, at=NOW, probe=canary)))
    first = await requests_in(bus)
    assert {one.probe_id for one in first} == {None}
    for one in first:
        await scheduler.has_judged(await voice.say(completed(one)))
    await scheduler.has_judged(await voice.tick(SECOND + 60, SECOND))
    later = (await requests_in(bus))[len(first) :]
    probes = [one for one in later if one.probe_id is not None]
    assert [(one.model_id, one.probe.kind, one.probe_id) for one in probes] == [
        (SWIFT.model_id, ProbeKind.CANARY, canary.probe_id)
    ]
    assert {one.model_id for one in later if one.probe_id is None} == {
        SWIFT.model_id,
        CALM.model_id,
    }
    # The probe is still in flight: its next slot is skipped, and the monitoring's is not.
    for one in later:
        if one.probe_id is None:
            await scheduler.has_judged(await voice.say(completed(one)))
    await scheduler.has_judged(await voice.tick(SECOND + 120, SECOND + 60))
    last = (await requests_in(bus))[len(first) + len(later) :]
    assert {(one.probe_id, one.skip_reason is None) for one in last} == {
        (None, True),
        (canary.probe_id, False),
    }
    off = canary.model_copy(update={"enabled": False})
    await scheduler.has_judged(await voice.say(ProbeUpdated(revision=2, at=NOW, probe=off)))
    await scheduler.has_judged(await voice.tick(SECOND + 180, SECOND + 120))
    removed = ProbeRemoved(revision=3, at=NOW, probe_id=canary.probe_id)
    await scheduler.has_judged(await voice.say(removed))
    await scheduler.has_judged(await voice.tick(SECOND + 240, SECOND + 180))
    assert sum(one.probe_id is not None for one in await requests_in(bus)) == 2


async def test_probes_are_part_of_a_provider_s_limit_and_leave_room_for_its_checks(
    bus: BusForTests, start_scheduler_on_sqlite: StartScheduler
) -> None:
    voice, of = await Voice.on(bus), provider(requests_per_minute=2)
    scheduler = await start_scheduler_on_sqlite("one", locations=("local",))
    await voice.say(registered(of))
    for number in range(2):
        await voice.say(added(model(of, f"m{number}", interval_s=60)))
    rare = probe(probe_id=UUID(int=1), interval_s=600)
    often = probe(probe_id=UUID(int=2), interval_s=60)
    for one in (rare, often):
        last = await voice.say(ProbeCreated(revision=1, at=NOW, probe=one))
    await scheduler.has_judged(last)
    asked: list[CheckRequested] = []
    for minute in range(20):
        start = SECOND + minute * 60
        await scheduler.has_judged(await voice.tick(start + 30, start))
        await scheduler.has_judged(await voice.tick(start + 60, start + 30))
        new = (await requests_in(bus))[len(asked) :]
        assert len(new) <= 2
        for one in new:
            await scheduler.has_judged(await voice.say(completed(one)))
        asked += new
    assert len(asked) > 20
    times = Counter(one.probe_id for one in asked)
    assert set(times) == {None, rare.probe_id, often.probe_id}
    assert times[None] >= 10 > 2 * times[rare.probe_id]


def embedded(request: CheckRequested, number: float) -> CheckCompleted:
    seen = Fingerprint(dimension=3, projections=(number, 1.0))
    text = text_sha256(request.probe.prompt)
    embedding = Embedding(text_sha256=text, seen=seen, pinned=request.probe.pinned)
    measured = Measurement.of(Outcome.OK, embedding=embedding)
    return completed(request).model_copy(
        update={"measurement": measured, "probe_id": request.probe_id, "kind": request.probe.kind}
    )


async def test_the_first_vector_of_a_text_is_pinned_and_another_text_has_its_own(
    bus: BusForTests, storage: StorageSettings, start_scheduler: StartScheduler
) -> None:
    voice, scheduler = await Voice.on(bus), await start_scheduler(storage)
    await voice.say(registered(PROVIDER))
    await scheduler.has_judged(await voice.say(added(SWIFT)))
    vectors = probe(ProbeKind.EMBEDDING)
    await scheduler.has_judged(await voice.say(ProbeCreated(revision=1, at=NOW, probe=vectors)))

    async def next_request(after_s: int) -> CheckRequested:
        tick = await voice.tick(SECOND + after_s + 30, SECOND + after_s)
        await scheduler.has_judged(tick)
        since = datetime.fromtimestamp(SECOND + after_s, UTC)
        known = await requests_in(bus)
        (request,) = [one for one in known if one.probe_id and one.due_at > since]
        return request

    one = await next_request(0)
    assert one.probe.pinned is None
    await scheduler.has_judged(await voice.say(embedded(one, 0.25)))
    for after_s in (30, 60):
        request = await next_request(after_s)
        assert request.probe.pinned == Fingerprint(dimension=3, projections=(0.25, 1.0))
        await scheduler.has_judged(await voice.say(embedded(request, 0.75)))
    edited = vectors.model_copy(update={"prompt": "another text"})
    await scheduler.has_judged(await voice.say(ProbeUpdated(revision=2, at=NOW, probe=edited)))
    other = await next_request(90)
    assert (other.probe.prompt, other.probe.pinned) == ("another text", None)
    await scheduler.has_judged(await voice.say(embedded(other, 0.5)))
    shadow = open_database("scheduler", storage, shadow=True)
    client = await bus.client("scheduler")
    different = await verify(client, scheduler.database, shadow, SERVICE_TABLES, lambda *_: None)
    await shadow.close()
    assert different == []


async def test_what_a_model_thinks_before_it_answers_makes_room_for_the_next_time(
    bus: BusForTests, start_scheduler_on_sqlite: StartScheduler
) -> None:
    voice, scheduler = await Voice.on(bus), await start_scheduler_on_sqlite("one")
    await voice.say(registered(PROVIDER))
    await scheduler.has_judged(await voice.say(added(SWIFT)))
    (first,) = await requests_in(bus)
    used = Measurement.of(
        Outcome.TRUNCATED,
        usage=Usage(output_tokens=first.probe.max_tokens, source="reported"),
    )
    cut = completed(first).model_copy(update={"measurement": used})
    await scheduler.has_judged(await voice.say(cut))
    await scheduler.has_judged(await voice.tick(SECOND + 60, SECOND))
    (_, second) = await requests_in(bus)
    assert second.probe.max_tokens == 2 * first.probe.max_tokens
    assert second.probe.reasoning_effort == "low"
