"""Older versions are brought to the newest one, step by step."""

from datetime import UTC, datetime
from typing import Any

import pytest

from arguslm_contracts import upcasters
from arguslm_contracts.envelope import UnreadableEvent, decode
from arguslm_contracts.events.checks import ClockTicked

JsonObject = dict[str, Any]
HEADERS = {
    "ce-id": "clock.ticked:61",
    "ce-source": "/arguslm/scheduler",
    "ce-time": "2026-11-23T09:30:01.000042Z",
}


def minutes_to_seconds(data: JsonObject) -> JsonObject:
    return {"second": data["minute"] * 60, "span_s": 60}


def span_to_previous(data: JsonObject) -> JsonObject:
    return {"second": data["second"], "previous_second": data["second"] - data["span_s"]}


@pytest.fixture
def old_clocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two versions of the clock that came before ours."""
    chain = {
        "arguslm.clock.ticked.v-1": ("arguslm.clock.ticked.v0", minutes_to_seconds),
        "arguslm.clock.ticked.v0": ("arguslm.clock.ticked.v1", span_to_previous),
    }
    monkeypatch.setattr(upcasters, "UPCASTERS", chain)


@pytest.mark.usefixtures("old_clocks")
@pytest.mark.parametrize(
    ("version", "body"), [("v-1", b'{"minute": 2}'), ("v0", b'{"second": 120, "span_s": 60}')]
)
def test_any_older_version_is_read_as_the_newest(version: str, body: bytes) -> None:
    headers = {**HEADERS, "ce-type": f"arguslm.clock.ticked.{version}"}
    read = decode(headers, body, stream="CLOCK", sequence=3, subject="clock.ticked.second")
    assert read.event == ClockTicked(second=120, previous_second=60)
    # What was recorded about it stays: its own id and time, not those of the newest version.
    assert read.event_id == "clock.ticked:61"
    assert read.time == datetime(2026, 11, 23, 9, 30, 1, 42, tzinfo=UTC)


@pytest.mark.usefixtures("old_clocks")
def test_old_data_that_does_not_fit_is_unreadable_not_an_accident() -> None:
    headers = {**HEADERS, "ce-type": "arguslm.clock.ticked.v0"}
    with pytest.raises(UnreadableEvent, match=r"arguslm\.clock\.ticked\.v0"):
        decode(headers, b'{"second": 1}', stream="CLOCK", sequence=3, subject="clock.ticked.second")


def test_a_version_newer_than_ours_is_unreadable() -> None:
    headers = {**HEADERS, "ce-type": "arguslm.clock.ticked.v99"}
    with pytest.raises(UnreadableEvent, match=r"unknown event type arguslm\.clock\.ticked\.v99"):
        decode(headers, b"{}", stream="CLOCK", sequence=3, subject="clock.ticked.second")
