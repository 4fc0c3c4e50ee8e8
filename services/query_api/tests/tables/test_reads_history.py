"""History: pages without gaps or doubles, filters, exports, runs."""

import pytest
from door_events import (
    ACME,
    OTHER,
    T0,
    Streams,
    added,
    checked,
    measured,
    minute,
    model,
    provider,
    registered,
)

from arguslm_contracts.events import registry
from arguslm_contracts.identity import derive
from arguslm_contracts.outcomes import Outcome
from arguslm_contracts.rest.monitoring import CheckResponse
from arguslm_query_api.reads import checks, monitoring
from arguslm_storage.database import Database

GPT, LLAMA = model("gpt-4.1", custom_name="Workhorse"), model("llama3:8b", OTHER, monitored=False)
RUN = derive("run")

OUTCOMES = [
    Outcome.OK,
    Outcome.SERVER_ERROR,
    Outcome.AUTH,
    Outcome.CONTENT_FILTERED,
    Outcome.EXPIRED,
    Outcome.OK,
]


@pytest.fixture
async def history(database: Database) -> Database:
    """Six checks a minute apart of one model, and three at the very same moments of another."""
    streams = Streams()
    streams.say(registered(provider()), added(GPT))
    streams.say(registered(provider(OTHER, display_name="Other", provider_type="ollama")))
    streams.say(added(LLAMA))
    for number, outcome in enumerate(OUTCOMES):
        message = "upstream fell over" if outcome is Outcome.SERVER_ERROR else None
        streams.say(checked(GPT, minute(number), measured(outcome, message=message)))
    streams.say(*(checked(LLAMA, minute(n), run_id=RUN, purpose="manual") for n in range(3)))
    await streams.fold_into(database)
    return database


async def test_pages_hold_every_check_once_newest_first(history: Database) -> None:
    seen: list[CheckResponse] = []
    cursor = None
    async with history.reading() as connection:
        for _ in range(5):
            page = await checks.list_checks(connection, limit=2, cursor=cursor)
            seen += page.items
            cursor = page.next_cursor
    assert cursor is None
    assert len({one.id for one in seen}) == len(seen) == 9
    assert [one.completed_at for one in seen] == sorted(
        (one.completed_at for one in seen), reverse=True
    )


@pytest.mark.parametrize("cursor", ["", "x.y", "1.2.3", "9" * 40 + "." + "0" * 32, "12"])
async def test_a_made_up_cursor_is_refused(history: Database, cursor: str) -> None:
    async with history.reading() as connection:
        with pytest.raises(checks.BadCursor):
            await checks.list_checks(connection, cursor=cursor)


async def test_filters_of_checks(history: Database) -> None:
    async with history.reading() as connection:
        of_model = await checks.list_checks(connection, model_id=GPT.model_id)
        failed = await checks.list_checks(connection, outcome=Outcome.AUTH)
        of_run = await checks.list_checks(connection, run_id=RUN)
    assert [one.measurement.outcome for one in of_model.items] == OUTCOMES[::-1]
    assert [(one.says, one.available, one.usable) for one in failed.items] == [
        ("rejected our credentials", None, False)
    ]
    assert [one.model_name for one in of_run.items] == ["llama3:8b"] * 3


async def test_a_check_has_everything_that_was_measured(history: Database) -> None:
    said = checked(GPT, minute(1), measured(Outcome.SERVER_ERROR, message="upstream fell over"))
    async with history.reading() as connection:
        shown = await checks.get_check(connection, said.check_id)
        assert await checks.get_check(connection, derive("none")) is None
    assert shown is not None
    assert shown.measurement == said.measurement
    assert (shown.model, shown.model_name, shown.provider_id) == ("gpt-4.1", "Workhorse", ACME)
    assert (shown.started_at, shown.completed_at) == (said.started_at, said.completed_at)


async def test_a_removed_models_checks_are_no_longer_shown(history: Database) -> None:
    streams = Streams()
    streams.say(registry.ModelRemoved(revision=2, at=T0, model_id=GPT.model_id))
    await streams.fold_into(history)
    async with history.reading() as connection:
        assert (await checks.list_checks(connection, model_id=GPT.model_id)).items == []
        assert (await monitoring.uptime_history(connection)).total == 3


async def test_history_in_the_words_of_0x(history: Database) -> None:
    async with history.reading() as connection:
        shown = await monitoring.uptime_history(connection, model_id=GPT.model_id)
        assert [(one.status, one.error) for one in shown.items] == [
            ("up", None),
            ("unknown", "was not asked in time by our prober"),
            ("degraded", "refused the probe's content"),
            ("degraded", "rejected our credentials"),
            ("down", "upstream fell over"),
            ("up", None),
        ]
        first = shown.items[0]
        assert (first.latency_ms, first.ttft_ms, first.tps, first.output_tokens) == (
            1_200.0,
            200.0,
            50.0,
            48,
        )
        for status in ("up", "degraded", "down", "unknown"):
            found = await monitoring.uptime_history(
                connection, model_id=GPT.model_id, status=status
            )
            wanted = [one.id for one in shown.items if one.status == status]
            assert [one.id for one in found.items] == wanted
            assert found.total == len(wanted)
        since = await monitoring.uptime_history(connection, since=minute(4), limit=1, offset=1)
        assert (since.total, len(since.items)) == (2, 1)
        assert (await monitoring.uptime_history(connection, enabled_only=True)).total == 6


async def test_an_export_is_read_row_by_row(history: Database) -> None:
    async with history.reading() as connection:
        rows = [row async for row in monitoring.export_rows(connection)]
        of_some = [
            row
            async for row in monitoring.export_rows(
                connection, model_id=GPT.model_id, start=minute(1), end=minute(3)
            )
        ]
    assert len(rows) == 9
    assert [row["outcome"] for row in of_some] == ["auth", "server_error"]
    assert of_some[1] == {
        "model_name": "Workhorse",
        "provider": "Acme",
        "status": "down",
        "latency_ms": 1_200.0,
        "error": "upstream fell over",
        "timestamp": "2026-11-01T12:01:00.900250+00:00",
        "ttft_ms": 200.0,
        "tps": 50.0,
        "input_tokens": 7,
        "output_tokens": 48,
        "outcome": "server_error",
        "fault_owner": "provider",
        "http_status": 200,
        "location": "local",
        "purpose": "scheduled",
        "model": "gpt-4.1",
        "model_id": str(GPT.model_id),
        "check_id": str(checked(GPT, minute(1)).check_id),
    }


async def test_a_run_is_followed_to_its_end(history: Database) -> None:
    streams = Streams()
    for number, models in enumerate([[GPT], [GPT, LLAMA], [LLAMA]]):
        streams.say(
            registry.MonitoringRunRequested(
                revision=1,
                at=T0,
                run_id=derive("other run") if number == 0 else derive("run", number),
                model_ids=tuple(one.model_id for one in models),
            )
        )
    streams.say(checked(GPT, minute(20), run_id=derive("run", 1)))
    streams.say(checked(LLAMA, minute(20), run_id=derive("run", 2)))
    await streams.fold_into(history)
    async with history.reading() as connection:
        queued = await monitoring.get_run(connection, derive("other run"))
        running = await monitoring.get_run(connection, derive("run", 1))
        completed = await monitoring.get_run(connection, derive("run", 2))
        assert await monitoring.get_run(connection, derive("none")) is None
    assert queued is not None
    assert running is not None
    assert completed is not None
    assert (queued.status, queued.requested, queued.completed) == ("queued", 1, 0)
    assert (running.status, running.requested, running.completed) == ("running", 2, 1)
    assert (completed.status, completed.message) == ("completed", "1 of 1 models checked")


async def test_the_last_run_is_the_last_check(history: Database) -> None:
    async with history.reading() as connection:
        config = await monitoring.get_config(connection)
    assert config.last_run_at == checked(GPT, minute(5)).completed_at
