"""The envelope is CloudEvents 1.0: another implementation reads ours, and we read any value."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone
from uuid import UUID

import event_examples
import pytest
from cloudevents.core.bindings.http import HTTPMessage, from_binary, to_binary
from cloudevents.core.formats.json import JSONFormat
from hypothesis import given
from hypothesis import strategies as st

from arguslm_contracts.envelope import Cause, Repeatable, UnreadableEvent, decode, encode
from arguslm_contracts.events.base import Event
from arguslm_contracts.events.checks import ClockTicked

NOW = datetime(2026, 11, 23, 9, 30, 1, 42, tzinfo=UTC)
CAUSE = Cause("check.completed:käse 100%", "CHECKS", 41)


def as_http(headers: Mapping[str, str], body: bytes) -> HTTPMessage:
    """The SDK has no NATS binding; the HTTP one differs in the name of the content type alone."""
    renamed = {
        "content-type" if name == "ce-datacontenttype" else name: value
        for name, value in headers.items()
    }
    return HTTPMessage(renamed, body)


def encoded(event: Event, time: datetime = NOW) -> tuple[dict[str, str], bytes]:
    return encode(event, source="prober", time=time, cause=CAUSE)


@pytest.mark.parametrize("event", event_examples.EXAMPLES, ids=lambda event: event.event_type())
def test_the_official_sdk_reads_our_events(event: Event) -> None:
    headers, body = encoded(event)
    read = from_binary(as_http(headers, body), JSONFormat())
    assert read.get_specversion() == "1.0"
    assert read.get_id() == event.event_id
    assert read.get_type() == event.event_type()
    assert read.get_source() == "/arguslm/prober"
    assert read.get_subject() == event.subject
    assert read.get_time() == NOW
    assert read.get_datacontenttype() == "application/json"
    assert read.get_extension("causeid") == CAUSE.event_id
    assert read.get_extension("causestream") == CAUSE.stream
    assert read.get_extension("causesequence") == "41"
    assert read.get_data() == json.loads(body)


def test_the_official_sdk_writes_the_same_headers() -> None:
    headers, body = encoded(event_examples.EXAMPLES[0])
    theirs = to_binary(from_binary(as_http(headers, body), JSONFormat()), JSONFormat()).headers
    ours = as_http({n: v for n, v in headers.items() if n != "Nats-Msg-Id"}, body).headers
    assert theirs == ours


def test_a_repeatable_request_travels_as_an_extension() -> None:
    request = Repeatable(UUID(int=7), "gAAAA-a-seal")
    event = event_examples.EXAMPLES[0]
    headers, body = encode(event, source="query-api", time=NOW, request=request)
    read = from_binary(as_http(headers, body), JSONFormat())
    assert read.get_extension("requestid") == str(request.id)
    assert read.get_extension("requestseal") == request.seal
    again = decode(headers, body, stream="REGISTRY", sequence=1, subject=event.subject)
    assert again.request == request
    for name, odd in (("ce-requestid", "no uuid"), ("ce-causesequence", "x")):
        with pytest.raises(UnreadableEvent):
            decode(
                {**headers, "ce-causeid": "x", name: odd},
                body,
                stream="REGISTRY",
                sequence=1,
                subject=event.subject,
            )


class Odd(ClockTicked):
    """An event whose id holds any text."""

    word: str

    @property
    def identity(self) -> str:
        return self.word


@given(st.text())
def test_any_id_survives_the_headers(word: str) -> None:
    event = Odd(second=2, previous_second=1, word=word)
    headers, body = encode(event, source="scheduler", time=NOW)
    assert headers["ce-id"].isascii()
    assert headers["ce-id"].isprintable()
    assert not set(' "') & set(headers["ce-id"])
    recorded = decode(headers, body, stream="CLOCK", sequence=1, subject=event.subject)
    assert recorded.event_id == f"clock.ticked:{word}"
    sdk_read = from_binary(as_http(headers, body), JSONFormat())
    assert sdk_read.get_id() == recorded.event_id


def test_percent_encoding_is_that_of_the_specification() -> None:
    event = Odd(second=2, previous_second=1, word='Euro € "100%" 😀')
    headers, _ = encode(event, source="scheduler", time=NOW)
    assert headers["ce-id"] == "clock.ticked:Euro%20%E2%82%AC%20%22100%25%22%20%F0%9F%98%80"


def test_time_is_utc_with_microseconds() -> None:
    elsewhere = NOW.astimezone(timezone(timedelta(hours=5, minutes=45)))
    headers, body = encoded(event_examples.EXAMPLES[0], elsewhere)
    assert headers["ce-time"] == "2026-11-23T09:30:01.000042Z"
    assert decode(headers, body, stream="S", sequence=1, subject="s").time == NOW


def test_a_cause_is_kept_and_may_be_absent() -> None:
    event = event_examples.EXAMPLES[0]
    headers, body = encoded(event)
    recorded = decode(headers, body, stream="REGISTRY", sequence=12, subject=event.subject)
    assert recorded.cause == CAUSE
    assert recorded.as_cause() == Cause(event.event_id, "REGISTRY", 12)
    headers, body = encode(event, source="prober", time=NOW)
    assert decode(headers, body, stream="S", sequence=1, subject="s").cause is None


@pytest.mark.parametrize(
    ("headers", "body", "says"),
    [
        (None, b"{}", "not a CloudEvent"),
        ({"Nats-Msg-Id": "1"}, b"{}", "not a CloudEvent"),
        ({"ce-type": "com.example.bought.v1"}, b"{}", "unknown event type com.example.bought.v1"),
        ({"ce-type": "arguslm.clock.ticked.v1"}, b'{"second": 1}', "previous_second"),
        ({"ce-type": "arguslm.clock.ticked.v1"}, b"\xff\x00", "arguslm.clock.ticked.v1"),
        (
            {"ce-type": "arguslm.clock.ticked.v1"},
            b'{"second": 1, "previous_second": 0}',
            "ce-time",
        ),
        (
            {"ce-type": "arguslm.clock.ticked.v1", "ce-time": "yesterday"},
            b'{"second": 1, "previous_second": 0}',
            "yesterday",
        ),
    ],
)
def test_what_is_no_event_says_why(headers: dict[str, str] | None, body: bytes, says: str) -> None:
    with pytest.raises(UnreadableEvent, match=says):
        decode(headers, body, stream="CLOCK", sequence=1, subject="clock.ticked.second")


def test_the_reason_repeats_no_data() -> None:
    body = b'{"second": "sk-planted-secret", "previous_second": 0}'
    headers = {"ce-type": "arguslm.clock.ticked.v1", "ce-time": "2026-11-23T09:30:01Z"}
    with pytest.raises(UnreadableEvent) as caught:
        decode(headers, body, stream="CLOCK", sequence=1, subject="clock.ticked.second")
    assert "sk-planted-secret" not in str(caught.value)
