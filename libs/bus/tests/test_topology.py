"""Streams and their ages: mended where nothing is lost or somebody asked, else reported."""

from datetime import timedelta

import pytest
from pydantic import ValidationError

from arguslm_bus.retention import SETTABLE, RetentionSettings
from arguslm_bus.topology import apply_topology, stream_config
from arguslm_contracts.streams import ALERTS, BENCHMARKS, CHECKS, DEAD_LETTERS, REGISTRY
from arguslm_testkit.bus import BusForTests

DAY_S = 86_400.0


async def told(bus: BusForTests, retention: RetentionSettings) -> list[str]:
    return [str(drift) for drift in await apply_topology(await bus.client(), retention)]


async def age_s(bus: BusForTests, stream: str) -> float:
    info = await (await bus.client()).jetstream().stream_info(stream)
    return info.config.max_age or 0.0


async def test_an_age_that_somebody_chose_is_applied_and_nothing_is_lost(bus: BusForTests) -> None:
    jetstream = (await bus.client()).jetstream()
    await jetstream.publish("benchmark.requested.1", b"kept")
    chosen = RetentionSettings(retention_benchmarks_days=30)
    assert await told(bus, chosen) == [
        "stream BENCHMARKS: kept 365 days so far, 30 days from now on"
    ]
    assert await age_s(bus, BENCHMARKS.name) == 30 * DAY_S
    assert await told(bus, chosen) == []
    for_ever = RetentionSettings(retention_benchmarks_days=0)
    assert await told(bus, for_ever) == [
        "stream BENCHMARKS: kept 30 days so far, for ever from now on"
    ]
    assert await age_s(bus, BENCHMARKS.name) == 0
    assert (await jetstream.get_msg(BENCHMARKS.name, seq=1)).data == b"kept"


async def test_nothing_is_kept_shorter_unless_somebody_said_so(bus: BusForTests) -> None:
    await told(bus, RetentionSettings(retention_dead_letters_days=700))
    drift = "stream DEAD_LETTERS is not as declared: kept 700 days, declared 90 days"
    assert await told(bus, RetentionSettings()) == [drift]
    assert await age_s(bus, DEAD_LETTERS.name) == 700 * DAY_S


async def test_a_house_of_an_older_version_is_brought_up_to_date(bus: BusForTests) -> None:
    """Checks once had an age at the broker, and no place for closed hours."""
    jetstream = (await bus.client()).jetstream()
    await jetstream.delete_stream(CHECKS.name)
    old = stream_config(CHECKS, RetentionSettings(), 1).evolve(
        max_age=90 * DAY_S, subjects=[one for one in CHECKS.subjects if one != "history.>"]
    )
    await jetstream.add_stream(old)
    await jetstream.publish("check.completed.local.x", b"kept")
    assert await told(bus, RetentionSettings()) == [
        "stream CHECKS: takes history.> from now on",
        "stream CHECKS: kept 90 days so far, for ever from now on",
    ]
    info = await jetstream.stream_info(CHECKS.name)
    assert (info.config.max_age, info.state.messages, info.config.deny_delete) == (0, 1, True)
    assert sorted(info.config.subjects or []) == sorted(CHECKS.subjects)
    assert await told(bus, RetentionSettings(retention_checks_days=2)) == []


async def test_other_drift_is_told_and_left_alone(bus: BusForTests) -> None:
    jetstream = (await bus.client()).jetstream()
    found = (await jetstream.stream_info(ALERTS.name)).config
    foreign = [*(found.subjects or []), "foreign.>"]
    await jetstream.update_stream(found.evolve(subjects=foreign, duplicate_window=60))
    drifts = await told(bus, RetentionSettings())
    assert len(drifts) == 2
    assert all(drift.startswith("stream ALERTS is not as declared") for drift in drifts)
    assert "foreign.>" in drifts[0]
    assert "foreign.>" in ((await jetstream.stream_info(ALERTS.name)).config.subjects or [])


@pytest.mark.parametrize(
    ("setting", "days"), [("retention_checks_days", 1), ("retention_clock_days", -1)]
)
def test_an_age_that_would_lose_something_is_refused(setting: str, days: int) -> None:
    with pytest.raises(ValidationError, match="has to be at least"):
        RetentionSettings(**{setting: days})


def test_every_stream_that_may_forget_has_a_setting_and_no_other(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert {spec.setting for spec in SETTABLE} == set(RetentionSettings.model_fields)
    monkeypatch.setenv("ARGUSLM_RETENTION_BENCHMARKS_DAYS", "7")
    monkeypatch.setenv("ARGUSLM_RETENTION_CHECKS_DAYS", "")
    settings = RetentionSettings()
    assert settings.age(BENCHMARKS) == timedelta(days=7)
    assert settings.is_chosen(BENCHMARKS)
    assert settings.age(CHECKS) == CHECKS.max_age
    assert not settings.is_chosen(CHECKS)
    assert settings.age(REGISTRY) == timedelta(0)
