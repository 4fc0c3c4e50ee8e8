"""CHECKS: one check counts once, in the order of the stream, and only where it belongs."""

from datetime import UTC, datetime, timedelta

from door_events import (
    ACME,
    Streams,
    added,
    checked,
    discovered,
    measured,
    minute,
    model,
    provider,
    registered,
    rows_of,
)

from arguslm_contracts.identity import derive
from arguslm_contracts.measurement import Cost, Usage
from arguslm_contracts.outcomes import Outcome
from arguslm_query_api.reads import checks
from arguslm_query_api.tables import ROLLUP_WIDTHS_S
from arguslm_storage.database import Database
from arguslm_storage.sketch import Sketch

GPT = model("gpt-4.1")


async def test_a_completion_said_twice_counts_once(database: Database) -> None:
    streams, check = Streams(), checked(GPT, minute(0))
    streams.say(check, check)
    await streams.fold_into(database)
    once = await rows_of(database)
    await streams.fold_into(database)
    assert await rows_of(database) == once
    assert [row["checks"] for row in once["rollups"]] == [1] * len(ROLLUP_WIDTHS_S)
    assert len(once["checks"]) == 1
    assert once["model_states"][0]["consecutive_successes"] == 1


async def test_states_follow_the_due_times_and_ignore_what_says_nothing(
    database: Database,
) -> None:
    streams = Streams()
    streams.say(
        checked(GPT, minute(0)),
        checked(GPT, minute(1), Outcome.SERVER_ERROR),
        checked(GPT, minute(3), Outcome.EMPTY),
        checked(GPT, minute(2)),  # an answer that came late
        checked(GPT, minute(4), Outcome.AUTH),
    )
    await streams.fold_into(database)
    (state,) = (await rows_of(database, "model_states"))["model_states"]
    assert (state["consecutive_failures"], state["consecutive_successes"]) == (2, 0)
    assert state["since"] == minute(1) + timedelta(milliseconds=5)
    assert state["conclusive_at"] == minute(3) + timedelta(milliseconds=900)
    assert (state["last_outcome"], state["last_fault_owner"]) == ("auth", "account")
    assert state["last_says"] == "rejected our credentials"
    assert state["last_due_at"] == minute(4)
    assert len((await rows_of(database, "checks"))["checks"]) == 5


async def test_locations_have_states_of_their_own(database: Database) -> None:
    streams = Streams()
    streams.say(
        checked(GPT, minute(0), location="east"),
        checked(GPT, minute(0), Outcome.DNS, location="west"),
    )
    await streams.fold_into(database)
    states = (await rows_of(database, "model_states"))["model_states"]
    assert [(one["location"], one["consecutive_failures"]) for one in states] == [
        ("east", 0),
        ("west", 1),
    ]


async def test_rollups_hold_the_sums_of_their_slot_at_every_width(database: Database) -> None:
    streams = Streams()
    streams.say(
        checked(GPT, minute(1), measured(ttft_ms=100.0)),
        checked(GPT, minute(2), measured(ttft_ms=300.0)),
        checked(GPT, minute(3), Outcome.TIMEOUT_TOTAL),
        checked(GPT, minute(4), Outcome.RATE_LIMITED),
        checked(GPT, minute(4.5), Outcome.EXPIRED),
        checked(GPT, minute(6), measured(ttft_ms=9_000.0, trustworthy=False)),
    )
    await streams.fold_into(database, batch=2)
    rollups = (await rows_of(database, "rollups"))["rollups"]
    assert [(row["width_s"], row["start"].hour, row["start"].minute) for row in rollups] == [
        (300, 12, 0),
        (300, 12, 5),
        (1_800, 12, 0),
        (10_800, 12, 0),
        (86_400, 0, 0),
        (604_800, 0, 0),
    ]
    first = rollups[0]
    assert {
        name: first[name]
        for name in ("checks", "available", "unavailable", "excluded", "usable", "unusable")
    } == {
        "checks": 5,
        "available": 2,
        "unavailable": 1,
        "excluded": 2,
        "usable": 2,
        "unusable": 2,
    }
    assert first["outcomes"] == {"expired": 1, "ok": 2, "rate_limited": 1, "timeout_total": 1}
    assert first["ttft_ms"] == Sketch.of([100.0, 300.0]).to_json()
    day = rollups[-2]
    assert (day["checks"], day["start"]) == (6, datetime(2026, 11, 1, tzinfo=UTC))
    # The monitor itself was too slow for the sixth: it counts, but its times do not.
    assert day["ttft_ms"] == first["ttft_ms"]


async def test_a_connection_test_touches_nothing_of_the_model(database: Database) -> None:
    streams, check = Streams(), checked(GPT, minute(0), purpose="connection_test")
    streams.say(check, check)
    await streams.fold_into(database)
    rows = await rows_of(database, "checks", "model_states", "rollups", "connection_tests")
    assert {name: len(found) for name, found in rows.items()} == {
        "checks": 0,
        "model_states": 0,
        "rollups": 0,
        "connection_tests": 1,
    }
    async with database.reading() as connection:
        assert await checks.connection_test(connection, check.check_id) == check
        assert await checks.connection_test(connection, derive("other")) is None


async def test_the_newest_discovery_of_a_provider_is_kept(database: Database) -> None:
    streams = Streams()
    newest = discovered(["gpt-4.1", "o3"], minute(5))
    streams.say(discovered(["gpt-4.1"], minute(1)), newest)
    await streams.fold_into(database)
    streams.say(discovered([], minute(3), Outcome.REFUSED))
    await streams.fold_into(database)
    async with database.reading() as connection:
        assert await checks.discovery(connection, newest.provider_id) == newest
        assert await checks.discovery(connection, derive("other")) is None


async def test_a_nul_in_a_providers_words_does_not_cost_the_check(database: Database) -> None:
    streams = Streams()
    bad = measured(Outcome.SERVER_ERROR, message="broken\x00pipe")
    streams.say(registered(provider()), added(model("a\x00b")))
    streams.say(checked(model("a\x00b"), minute(0), bad), discovered(["a\x00b"], minute(1)))
    await streams.fold_into(database)
    async with database.reading() as connection:
        (shown,) = (await checks.list_checks(connection)).items
        found = await checks.discovery(connection, ACME)
    assert shown.measurement.evidence.message == "broken\ufffdpipe"
    assert shown.model_name == "a\ufffdb"
    assert found is not None
    assert [one.name for one in found.models] == ["a\ufffdb"]


async def test_numbers_beyond_reason_are_in_no_sum(database: Database) -> None:
    absurd = checked(GPT, minute(0))
    measurement = absurd.measurement.model_copy(
        update={
            "usage": Usage(input_tokens=10**30, reasoning_tokens=7),
            "cost": Cost(usd=1e12),
        }
    )
    streams = Streams()
    streams.say(absurd.model_copy(update={"measurement": measurement}), checked(GPT, minute(1)))
    await streams.fold_into(database)
    rows = await rows_of(database, "checks", "rollups")
    assert len(rows["checks"]) == 2
    week = max(rows["rollups"], key=lambda row: int(row["width_s"]))
    assert (week["checks"], week["reasoning_tokens"], week["cost_nano_usd"]) == (2, 7, 123_456)
    assert (week["priced"], week["unpriced"]) == (1, 1)
