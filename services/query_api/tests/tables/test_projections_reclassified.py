"""Checks that were decided again: the tables are as if they had been decided so at once."""

from door_events import Streams, checked, decided_again, measured, minute, model, rows_of

from arguslm_contracts.events.checks import CheckCompleted
from arguslm_contracts.outcomes import VERDICTS, Outcome
from arguslm_contracts.streams import CHECKS
from arguslm_query_api.projections.tables import SERVICE_TABLES
from arguslm_storage.database import Database

GPT = model("gpt-4.1")
TO = {
    Outcome.OK: Outcome.CONTENT_FILTERED,
    Outcome.AUTH: Outcome.REGION_BLOCKED,
    Outcome.ERROR_IN_STREAM: Outcome.RATE_LIMITED,
    Outcome.TRUNCATED: Outcome.OK,
}


def answer(number: int, outcome: Outcome) -> CheckCompleted:
    result = measured(outcome, ttft_ms=100.0 + number, trustworthy=number % 5 != 0)
    return checked(GPT, minute(number * 7), result)


OUTCOMES = [Outcome.OK, Outcome.AUTH, Outcome.ERROR_IN_STREAM, Outcome.TRUNCATED] * 6
BEFORE = [answer(number, outcome) for number, outcome in enumerate(OUTCOMES)]
AFTER = [answer(number, TO[outcome]) for number, outcome in enumerate(OUTCOMES)]


async def folded(database: Database, streams: Streams) -> dict[str, list[dict[str, object]]]:
    await streams.fold_stream(database, CHECKS.name)
    rows = await rows_of(database, "checks", "rollups", "model_states")
    async with database.writing() as connection:
        for table in SERVICE_TABLES.metadata.sorted_tables:
            await connection.execute(table.delete())
    return rows


async def test_sums_and_checks_are_as_if_they_had_been_decided_so_at_once(
    database: Database,
) -> None:
    at_once, again = Streams(), Streams()
    at_once.say(*AFTER)
    again.say(*BEFORE)
    again.say(*(decided_again(one, TO[one.measurement.outcome], 3) for one in BEFORE))
    expected, found = await folded(database, at_once), await folded(database, again)
    assert found["rollups"] == expected["rollups"]
    for mine, theirs in zip(found["checks"], expected["checks"], strict=True):
        assert mine["measurement"].pop("taxonomy_version") == 3  # type: ignore[attr-defined]
        theirs["measurement"].pop("taxonomy_version")  # type: ignore[attr-defined]
        assert mine == theirs


async def test_the_last_word_on_a_model_follows_and_its_runs_do_not(database: Database) -> None:
    streams = Streams()
    streams.say(*(answer(number, Outcome.SERVER_ERROR) for number in range(3)))
    (as_it_was,) = (await folded(database, streams))["model_states"]
    streams.say(decided_again(answer(1, Outcome.SERVER_ERROR), Outcome.OVERLOADED, 3))
    assert (await folded(database, streams))["model_states"] == [as_it_was]
    streams.say(decided_again(answer(2, Outcome.SERVER_ERROR), Outcome.RATE_LIMITED, 3))
    (state,) = (await folded(database, streams))["model_states"]
    assert state == as_it_was | {
        "last_outcome": "rate_limited",
        "last_fault_owner": "account",
        "last_says": VERDICTS[Outcome.RATE_LIMITED].says,
    }
    assert state["consecutive_failures"] == 3


async def test_a_check_that_nobody_knows_leaves_no_state(database: Database) -> None:
    streams = Streams()
    streams.say(decided_again(answer(1, Outcome.AUTH), Outcome.REGION_BLOCKED, 3))
    assert (await folded(database, streams))["model_states"] == []


async def test_decided_again_and_back_leaves_no_trace_in_the_sums(database: Database) -> None:
    once, there_and_back = Streams(), Streams()
    once.say(*BEFORE)
    there_and_back.say(*BEFORE)
    for one in BEFORE:
        there = decided_again(one, TO[one.measurement.outcome], 3)
        there_and_back.say(there, decided_again(there, one.measurement.outcome, 4))
    assert (await folded(database, there_and_back))["rollups"] == (await folded(database, once))[
        "rollups"
    ]
