"""Every version of every event has a recorded example, and every reader still reads it."""

import json
from pathlib import Path
from typing import Any

import event_examples
import pytest
import record_samples

from arguslm_contracts.catalogue import EVENTS
from arguslm_contracts.envelope import Cause, Recorded, decode, encode
from arguslm_contracts.streams import STREAMS
from arguslm_contracts.subjects import matches, stream_of
from arguslm_contracts.upcasters import upcast

Sample = dict[str, Any]
RECORDED = {
    path.stem: json.loads(path.read_text())
    for path in sorted(record_samples.SAMPLES.glob("*.json"))
}
# Maps of the owner's own names: there a new name is data.
MAPS = ("settings", "metadata", "outcomes", "sketch", "answer_schema", "json_schema")
NEWEST = {event.event_type(): event for event in EVENTS}


def read(sample: Sample, data: Sample | None = None) -> Recorded:
    body = json.dumps(sample["data"] if data is None else data).encode()
    return decode(
        sample["headers"], body, stream=sample["stream"], sequence=7, subject=sample["subject"]
    )


def lost(recorded: object, again: object, path: str = "") -> list[str]:
    """Where recorded JSON and re-encoded JSON differ; fields added since then are no difference."""
    if isinstance(recorded, dict) and isinstance(again, dict):
        return [
            difference
            for name, value in recorded.items()
            for difference in lost(value, again.get(name, "(gone)"), f"{path}.{name}")
        ]
    if isinstance(recorded, list) and isinstance(again, list) and len(recorded) == len(again):
        return [
            difference
            for number, (value, other) in enumerate(zip(recorded, again, strict=True))
            for difference in lost(value, other, f"{path}[{number}]")
        ]
    return [] if recorded == again else [f"{path}: recorded {recorded!r}, now {again!r}"]


def with_unknown_fields(value: object) -> object:
    """The same JSON, as a later version might have written it."""
    if isinstance(value, dict):
        known = {
            name: inner if name in MAPS else with_unknown_fields(inner)
            for name, inner in value.items()
        }
        return {**known, "said_by_a_later_version": {"of": "us"}}
    if isinstance(value, list):
        return [with_unknown_fields(inner) for inner in value]
    return value


def test_every_event_has_a_recorded_example() -> None:
    missing = sorted(NEWEST.keys() - RECORDED.keys())
    assert not missing, f"run {Path(record_samples.__file__).name} and commit: {missing}"


def test_every_recorded_example_can_still_be_brought_to_the_newest_version() -> None:
    unreadable = [
        name for name in RECORDED if upcast(name, RECORDED[name]["data"])[0] not in NEWEST
    ]
    assert not unreadable


@pytest.mark.parametrize("name", RECORDED)
def test_a_recorded_example_is_read_as_it_was_meant(name: str) -> None:
    sample = RECORDED[name]
    read_back = read(sample)
    assert read_back.event_id == sample["headers"]["Nats-Msg-Id"] == read_back.event.event_id
    assert read_back.subject == read_back.event.subject
    assert read_back.stream == stream_of(sample["subject"]).name
    assert read_back.source == sample["headers"]["ce-source"]
    assert read_back.time == record_samples.RECORDED_AT
    assert read_back.cause == Cause("clock.ticked:1795426200", "CLOCK", 86_400)
    assert read_back.traceparent == record_samples.TRACEPARENT


@pytest.mark.parametrize("name", NEWEST)
def test_the_newest_version_reads_back_equal(name: str) -> None:
    assert read(RECORDED[name]).event == event_examples.BY_TYPE[name]


@pytest.mark.parametrize("name", NEWEST)
def test_writing_it_again_changes_nothing_that_was_recorded(name: str) -> None:
    sample = RECORDED[name]
    read_back = read(sample)
    headers, body = encode(
        read_back.event,
        source=read_back.source.removeprefix("/arguslm/"),
        time=read_back.time,
        cause=read_back.cause,
        traceparent=read_back.traceparent,
    )
    assert headers == sample["headers"]
    assert lost(sample["data"], json.loads(body)) == []


@pytest.mark.parametrize("name", RECORDED)
def test_fields_of_a_later_version_are_passed_over(name: str) -> None:
    sample = RECORDED[name]
    extended = with_unknown_fields(sample["data"])
    assert isinstance(extended, dict)
    assert read(sample, extended).event == read(sample).event


@pytest.mark.parametrize("name", NEWEST)
def test_the_subject_falls_into_exactly_one_stream(name: str) -> None:
    subject = RECORDED[name]["subject"]
    keeping = [
        stream.name
        for stream in STREAMS
        if any(matches(pattern, subject) for pattern in stream.subjects)
    ]
    assert keeping == [RECORDED[name]["stream"]]


@pytest.mark.parametrize("name", NEWEST)
def test_the_aggregate_covers_the_subject(name: str) -> None:
    event = event_examples.BY_TYPE[name]
    assert matches(event.aggregate, event.subject)


def test_no_two_examples_share_an_id() -> None:
    ids = [sample["headers"]["Nats-Msg-Id"] for sample in RECORDED.values()]
    assert len(ids) == len(set(ids))
