"""CloudEvents 1.0, NATS binary binding: attributes in `ce-` headers, the event's JSON as data."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NamedTuple
from urllib.parse import quote, unquote
from uuid import UUID

from pydantic import ValidationError

from arguslm_contracts.catalogue import BY_TYPE
from arguslm_contracts.events.base import Event
from arguslm_contracts.upcasters import upcast

CONTENT_TYPE = "application/json"
MSG_ID = "Nats-Msg-Id"


class UnreadableEvent(Exception):
    """A message that is no event we know: the reason is the text."""


@dataclass(frozen=True, slots=True)
class Cause:
    """The event that led to this one: its id, and where it stands."""

    event_id: str
    stream: str
    sequence: int


@dataclass(frozen=True, slots=True)
class Repeatable:
    """The request that led to an event, where its caller may send it again: the id that follows
    from caller, path and idempotency key, and what was asked, as a seal that only we open."""

    id: UUID
    seal: str


class Recorded(NamedTuple):
    """An event as it stands in a stream."""

    event: Event
    event_id: str
    source: str
    time: datetime
    stream: str
    sequence: int
    subject: str
    cause: Cause | None = None
    traceparent: str | None = None
    request: Repeatable | None = None

    def as_cause(self) -> Cause:
        return Cause(self.event_id, self.stream, self.sequence)


def encode(
    event: Event,
    *,
    source: str,
    time: datetime,
    cause: Cause | None = None,
    traceparent: str | None = None,
    request: Repeatable | None = None,
) -> tuple[dict[str, str], bytes]:
    """Headers and body of an event. `source` is the publishing service, such as `prober`."""
    headers = {
        MSG_ID: event.event_id,
        "ce-specversion": "1.0",
        "ce-id": _percent(event.event_id),
        "ce-type": event.event_type(),
        "ce-source": f"/arguslm/{source}",
        "ce-subject": _percent(event.subject),
        "ce-time": time.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z"),
        "ce-datacontenttype": CONTENT_TYPE,
    }
    if cause is not None:
        headers["ce-causeid"] = _percent(cause.event_id)
        headers["ce-causestream"] = cause.stream
        headers["ce-causesequence"] = str(cause.sequence)
    if request is not None:
        headers["ce-requestid"] = str(request.id)
        headers["ce-requestseal"] = request.seal
    if traceparent is not None:
        headers["traceparent"] = traceparent
    return headers, event.model_dump_json().encode()


def decode(
    headers: Mapping[str, str] | None, body: bytes, *, stream: str, sequence: int, subject: str
) -> Recorded:
    """Read a stored message of any known version.

    Raises:
        UnreadableEvent: no CloudEvents headers, an unknown type, or data that does not fit.
    """
    if not headers or "ce-type" not in headers:
        raise UnreadableEvent("no ce-type header: not a CloudEvent")
    event_type = headers["ce-type"]
    try:
        event = _read(event_type, body)
        time = datetime.fromisoformat(headers["ce-time"])
        cause, request = _cause(headers), _request(headers)
    except (ValueError, KeyError) as error:
        raise UnreadableEvent(f"{event_type}: {_first_line(error)}") from error
    return Recorded(
        event=event,
        event_id=_plain(headers.get("ce-id", "")),
        source=headers.get("ce-source", ""),
        time=time,
        stream=stream,
        sequence=sequence,
        subject=subject,
        cause=cause,
        traceparent=headers.get("traceparent"),
        request=request,
    )


def _read(event_type: str, body: bytes) -> Event:
    known = BY_TYPE.get(event_type)
    if known is not None:
        return known.model_validate_json(body)
    newest, data = upcast(event_type, json.loads(body))
    if newest not in BY_TYPE:
        raise UnreadableEvent(f"unknown event type {event_type}")
    return BY_TYPE[newest].model_validate_json(json.dumps(data))


def _cause(headers: Mapping[str, str]) -> Cause | None:
    if "ce-causeid" not in headers:
        return None
    return Cause(
        _plain(headers["ce-causeid"]),
        headers.get("ce-causestream", ""),
        int(headers.get("ce-causesequence", "0")),
    )


def _request(headers: Mapping[str, str]) -> Repeatable | None:
    if "ce-requestid" not in headers:
        return None
    return Repeatable(UUID(headers["ce-requestid"]), headers.get("ce-requestseal", ""))


def _percent(value: str) -> str:
    return quote(value, safe="!#$&'()*+,-./:;<=>?@[]^_`{|}~")


def _plain(value: str) -> str:
    return unquote(value) if "%" in value else value


def _first_line(error: Exception) -> str:
    if isinstance(error, ValidationError):
        first = error.errors(include_input=False)[0]
        return f"{'.'.join(map(str, first['loc']))}: {first['msg']}"
    return str(error).splitlines()[0] if str(error) else type(error).__name__
