"""The AsyncAPI 3.0 document: every channel of the bus, who sends what, and what a message holds."""

from typing import Any

from arguslm_contracts.catalogue import EVENTS
from arguslm_contracts.events.base import Event
from arguslm_contracts.permissions import publishers_of, readers_of
from arguslm_contracts.reference.schemas import recorded
from arguslm_contracts.reference.subject_templates import subject_template
from arguslm_contracts.streams import FOREVER, StreamSpec
from arguslm_contracts.subjects import stream_of

JsonObject = dict[str, Any]

_HEADERS: JsonObject = {
    "type": "object",
    "description": "CloudEvents 1.0 in the NATS binary binding",
    "required": [
        *("Nats-Msg-Id", "ce-specversion", "ce-id", "ce-type", "ce-source", "ce-subject"),
        *("ce-time", "ce-datacontenttype"),
    ],
    "properties": {
        "Nats-Msg-Id": {"type": "string", "description": "the event's id, as the stream knows it"},
        "ce-specversion": {"const": "1.0"},
        "ce-id": {"type": "string", "description": "the id, percent-encoded"},
        "ce-type": {"type": "string"},
        "ce-source": {"type": "string", "description": "/arguslm/<service>"},
        "ce-subject": {"type": "string", "description": "the subject, percent-encoded"},
        "ce-time": {"type": "string", "format": "date-time"},
        "ce-datacontenttype": {"const": "application/json"},
        "ce-causeid": {"type": "string", "description": "the event that led to this one"},
        "ce-causestream": {"type": "string"},
        "ce-causesequence": {"type": "string", "pattern": "^[0-9]+$"},
        "ce-requestid": {"type": "string", "description": "of a request with an idempotency key"},
        "ce-requestseal": {"type": "string", "description": "what it asked, sealed"},
        "traceparent": {"type": "string"},
    },
}


def document() -> JsonObject:
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "ArgusLM events",
            "version": "1.0.0",
            "description": "What is known about LLM endpoints, as it becomes known: NATS JetStream "
            "streams of CloudEvents. Fields are only ever added; a changed meaning is a new type.",
            "license": {"name": "Apache-2.0"},
        },
        "defaultContentType": "application/json",
        "channels": {kind.name: _channel(kind) for kind in EVENTS},
        "operations": {
            f"{service}.sends.{kind.name}": _operation(kind, service)
            for kind in EVENTS
            for service in publishers_of(kind.name)
        },
        "components": {
            "messages": {kind.event_type(): _message(kind) for kind in EVENTS},
            "schemas": {"headers": _HEADERS},
        },
    }


def _channel(kind: type[Event]) -> JsonObject:
    address = subject_template(kind).replace("<", "{").replace(">", "}")
    stream = stream_of(f"{kind.name}.x")
    channel: JsonObject = {
        "address": address,
        "description": _doc(kind),
        "messages": {
            kind.event_type(): {"$ref": f"#/components/messages/{kind.event_type()}"},
        },
        "tags": [{"name": stream.name, "description": stream.purpose}],
        "x-stream": {"name": stream.name, "kept": _kept(kind, stream)},
        "x-read-by": readers_of(stream),
        "x-once": kind.once,
    }
    names = [token[1:-1] for token in address.split(".") if token.startswith("{")]
    if names:
        channel["parameters"] = {name: {} for name in names}
    return channel


def _kept(kind: type[Event], stream: StreamSpec) -> JsonObject | str:
    ages = stream.ages is None or stream.ages == f"{kind.name}.>"
    return {"days": stream.max_age.days} if ages and stream.max_age != FOREVER else "for ever"


def _operation(kind: type[Event], service: str) -> JsonObject:
    channel = f"#/channels/{kind.name}"
    return {
        "action": "send",
        "channel": {"$ref": channel},
        "summary": f"{service} says {kind.name}",
        "messages": [{"$ref": f"{channel}/messages/{kind.event_type()}"}],
    }


def _message(kind: type[Event]) -> JsonObject:
    sample = recorded(kind)
    return {
        "name": kind.event_type(),
        "title": kind.name,
        "summary": _doc(kind),
        "contentType": "application/json",
        "headers": {"$ref": "#/components/schemas/headers"},
        "payload": {"$ref": f"./schemas/{kind.event_type()}.json"},
        "examples": [{"name": "recorded", "headers": sample["headers"], "payload": sample["data"]}],
    }


def _doc(kind: type[Event]) -> str:
    return " ".join((kind.__doc__ or "").split())
