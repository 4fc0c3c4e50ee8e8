"""The overview: worst first, honest about what is not known, set-wise whatever the size."""

import random
from datetime import datetime, timedelta

import pytest
from door_events import (
    OTHER,
    T0,
    Streams,
    added,
    checked,
    configured,
    measured,
    minute,
    model,
    provider,
    raised,
    registered,
    resolved,
)

from arguslm_contracts.events.checks import CheckCompleted
from arguslm_contracts.events.registry import Model
from arguslm_contracts.identity import derive
from arguslm_contracts.outcomes import Outcome
from arguslm_contracts.rest.monitoring import ModelCard, OverviewResponse
from arguslm_query_api import tables
from arguslm_query_api.reads.overview import RANGES, overview
from arguslm_query_api.rollup import Rollup, Tally
from arguslm_storage.database import Database, upsert
from arguslm_storage.sketch import Sketch

GPT = model("gpt-4.1")


async def look(database: Database, now: datetime, range: str = "24h") -> OverviewResponse:
    async with database.reading() as connection:
        return await overview(connection, range=range, now=now)


async def card_after(database: Database, *outcomes: Outcome, wait_minutes: float = 0) -> ModelCard:
    """The card after one check a minute with these outcomes."""
    streams = Streams()
    streams.say(registered(provider()), added(GPT), configured(1, interval_s=60))
    streams.say(*(checked(GPT, minute(number), one) for number, one in enumerate(outcomes)))
    await streams.fold_into(database)
    now = minute(max(0, len(outcomes) - 1) + wait_minutes) + timedelta(seconds=2)
    (card,) = (await look(database, now)).items
    return card


@pytest.mark.parametrize(
    ("outcomes", "wait_minutes", "state"),
    [
        ([], 0, "unknown"),
        ([Outcome.OK], 0, "up"),
        ([Outcome.OK], 2.5, "up"),
        ([Outcome.OK], 4, "unknown"),
        ([Outcome.OK, Outcome.SERVER_ERROR], 0, "degraded"),
        ([Outcome.OK, Outcome.SERVER_ERROR, Outcome.EMPTY], 0, "down"),
        ([Outcome.SERVER_ERROR, Outcome.EMPTY, Outcome.OK], 0, "up"),
        ([Outcome.OK, Outcome.CONTENT_FILTERED], 0, "degraded"),
        ([Outcome.OK, Outcome.RATE_LIMITED], 0, "up"),
        ([Outcome.DNS, Outcome.DNS, Outcome.EXPIRED], 0, "down"),
        ([Outcome.AUTH, Outcome.AUTH, Outcome.AUTH], 0, "unknown"),
    ],
)
async def test_the_state_of_a_card(
    database: Database, outcomes: list[Outcome], wait_minutes: float, state: str
) -> None:
    card = await card_after(database, *outcomes, wait_minutes=wait_minutes)
    assert card.state == state
    if outcomes:
        assert card.last_outcome == outcomes[-1]


async def test_a_state_knows_since_when(database: Database) -> None:
    card = await card_after(database, Outcome.OK, Outcome.DNS, Outcome.EMPTY, Outcome.EXPIRED)
    assert (card.state, card.since) == ("down", minute(1) + timedelta(milliseconds=5))
    assert card.last_says == "was not asked in time by our prober"
    assert (card.uptime_ratio, card.checks) == (pytest.approx(1 / 3), 4)


async def test_a_minority_of_locations_only_degrades(database: Database) -> None:
    streams = Streams()
    streams.say(registered(provider()), added(GPT))
    for number in range(3):
        streams.say(checked(GPT, minute(number), location="east"))
        streams.say(checked(GPT, minute(number), Outcome.REFUSED, location="west"))
    await streams.fold_into(database)
    (card,) = (await look(database, minute(2.5))).items
    assert (card.state, card.checks, card.uptime_ratio) == ("degraded", 6, 0.5)
    streams = Streams()
    streams.say(*(checked(GPT, minute(n), Outcome.REFUSED, location="east") for n in (3, 4)))
    await streams.fold_into(database)
    # West has been silent for more than three intervals; what remains has failed twice.
    (card,) = (await look(database, minute(5.5))).items
    assert card.state == "down"


async def test_paused_by_the_provider_or_by_the_configuration(database: Database) -> None:
    streams = Streams()
    streams.say(registered(provider(enabled=False)), registered(provider(OTHER)))
    streams.say(added(GPT), added(model("o3", OTHER)), added(model("off", monitored=False)))
    streams.say(checked(GPT, minute(0)), checked(model("o3", OTHER), minute(0)))
    await streams.fold_into(database)
    shown = await look(database, minute(1))
    assert [(card.model, card.state) for card in shown.items] == [
        ("o3", "up"),
        ("gpt-4.1", "paused"),
    ]
    assert (shown.up, shown.paused, shown.models, shown.providers) == (1, 1, 3, 2)
    streams.say(configured(1, enabled=False))
    await streams.fold_into(database)
    assert (await look(database, minute(1))).paused == 2


async def test_worst_first_and_never_merged_by_name(database: Database) -> None:
    fine, flaky, dead = model("gpt-4.1"), model("gpt-4.1", OTHER), model("o3")
    streams = Streams()
    streams.say(registered(provider()), registered(provider(OTHER, display_name="Other")))
    streams.say(added(fine), added(flaky), added(dead))
    for number in range(4):
        streams.say(checked(fine, minute(number)))
        streams.say(checked(flaky, minute(number), Outcome.DNS if number == 3 else Outcome.OK))
        streams.say(checked(dead, minute(number), Outcome.MODEL_GONE))
    streams.say(raised(derive("a"), dead, minute(1)), raised(derive("b"), flaky, minute(1)))
    streams.say(resolved(derive("b"), flaky, minute(2)))
    await streams.fold_into(database)
    shown = await look(database, minute(4))
    assert [(card.model_id, card.state, card.open_alerts) for card in shown.items] == [
        (dead.model_id, "down", 1),
        (flaky.model_id, "degraded", 0),
        (fine.model_id, "up", 0),
    ]
    assert [card.provider_name for card in shown.items] == ["Acme", "Other", "Acme"]
    assert (shown.up, shown.degraded, shown.down, shown.open_alerts) == (1, 1, 1, 1)


async def test_slots_tell_where_there_was_nothing(database: Database) -> None:
    streams = Streams()
    streams.say(registered(provider()), added(GPT))
    streams.say(
        checked(GPT, minute(0), measured(ttft_ms=100)),
        checked(GPT, minute(1), measured(Outcome.SERVER_ERROR, ttft_ms=None)),
        checked(GPT, minute(2), measured(Outcome.QUOTA_EXHAUSTED, ttft_ms=None)),
        checked(GPT, minute(35), Outcome.EXPIRED),
        checked(GPT, minute(65), measured(ttft_ms=400, tokens_per_s=80)),
    )
    await streams.fold_into(database)
    (card,) = (await look(database, minute(66))).items
    marks = {(s.at - T0) // timedelta(minutes=30): s for s in card.slots if s.checks}
    assert len(card.slots) == 48
    assert {at: (slot.checks, slot.failed) for at, slot in marks.items()} == {-1: (3, 2), 1: (1, 0)}
    assert card.slots[-1].at <= minute(66) < card.slots[-1].at + timedelta(minutes=30)
    assert marks[-1].ttft_p50_ms == pytest.approx(100, rel=0.01)
    assert (card.ttft_p50_ms, card.ttft_p95_ms) == (
        pytest.approx(100, rel=0.01),
        pytest.approx(100, rel=0.01),
    )
    assert (card.uptime_ratio, card.usable_ratio) == (pytest.approx(2 / 3), 0.5)
    assert (card.last_ttft_ms, card.last_tokens_per_s) == (400, 80)


@pytest.mark.parametrize("range", list(RANGES))
async def test_every_range_has_whole_slots_and_finds_the_last_check(
    database: Database, range: str
) -> None:
    streams = Streams()
    streams.say(registered(provider()), added(GPT), checked(GPT, minute(0)))
    await streams.fold_into(database)
    (card,) = (await look(database, minute(0.1), range)).items
    assert len(card.slots) == RANGES[range].slots
    assert (card.slots[-1].checks, card.checks) == (1, 1)


@pytest.mark.parametrize("locations", [["local"], ["east", "west"]])
async def test_ratios_and_quantiles_are_of_exactly_the_shown_slots(
    database: Database, locations: list[str]
) -> None:
    chance = random.Random(7)
    streams = Streams()
    streams.say(registered(provider()), added(GPT))
    await streams.fold_into(database)
    said: list[CheckCompleted] = []
    for days in (0.3, 4.9, 7, 11.99, 33):
        streams, now = Streams(), minute(days * 1_440)
        while not said or said[-1].due_at < now - timedelta(minutes=60):
            at = minute(60 * (len(said) // len(locations)))
            for location in locations:
                result = measured(ttft_ms=chance.uniform(50, 900))
                said.append(checked(GPT, at, result, location=location))
                streams.say(said[-1])
        await streams.fold_into(database)
        for asked in RANGES:
            (card,) = (await look(database, now, asked)).items
            within = [one for one in said if one.completed_at >= card.slots[0].at]
            assert card.checks == sum(slot.checks for slot in card.slots) == len(within)
            ttft = Sketch.of(one.measurement.timing.first_token_ms or 0 for one in within)
            assert (card.ttft_p50_ms, card.ttft_p95_ms) == (ttft.quantile(0.5), ttft.quantile(0.95))
            last = Sketch.of(
                one.measurement.timing.first_token_ms or 0
                for one in within
                if one.completed_at >= card.slots[-1].at
            )
            assert card.slots[-1].ttft_p50_ms == last.quantile(0.5)


async def test_many_models_over_thirty_days(database: Database) -> None:
    models = [model(f"model-{number}") for number in range(20)]
    streams = Streams()
    streams.say(registered(provider()), *(added(one) for one in models))
    streams.say(*(checked(one, T0) for one in models))
    await streams.fold_into(database)
    await fill_rollups(database, models, days=30)
    for asked in RANGES:
        shown = await look(database, minute(1), asked)
        assert len(shown.items) == 20
        assert all(sum(slot.checks for slot in card.slots) > 0 for card in shown.items)


async def fill_rollups(database: Database, models: list[Model], *, days: int) -> None:
    """The rollups of one check a minute, at the widths and over the times that are read."""
    chance = random.Random(1)
    for width_s, slots in ((1_800, 3 * 48), (10_800, 10 * 8), (86_400, days), (604_800, days // 7)):
        shapes = [_rollup(chance, width_s // 60) for _ in range(5)]
        newest = T0 - timedelta(seconds=T0.timestamp() % width_s)
        rows = [
            {
                "width_s": width_s,
                "model_id": one.model_id,
                "start": newest - timedelta(seconds=width_s * number),
                "location": "local",
                **chance.choice(shapes),
            }
            for one in models
            for number in range(slots)
        ]
        async with database.writing() as connection:
            await upsert(connection, tables.rollups, rows)


def _rollup(chance: random.Random, checks: int) -> dict[str, object]:
    rollup = Rollup()
    for _ in range(checks):
        speeds = {"ttft_ms": chance.gauss(300, 60), "tokens_per_s": chance.gauss(60, 8)}
        rollup.add(Tally.of(measured(**speeds)))
    return rollup.to_row()
