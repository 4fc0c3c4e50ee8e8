"""JSON Schemas of what an event holds: one per type and version, with units and an example."""

import json
from importlib.resources import files
from typing import Any

from pydantic import BaseModel

from arguslm_contracts.events.base import Event
from arguslm_contracts.reference.fields import all_shapes, fields_of
from arguslm_contracts.reference.subject_templates import sample_name

JsonObject = dict[str, Any]

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def recorded(kind: type[Event]) -> JsonObject:
    """The recorded example: stream, subject, headers and data."""
    text = (files("arguslm_contracts") / "samples" / sample_name(kind)).read_text(encoding="utf-8")
    sample: JsonObject = json.loads(text)
    return sample


def event_schema(kind: type[Event]) -> JsonObject:
    """The JSON Schema of an event's data. `x-unit` is the unit of a field that has one."""
    schema = kind.model_json_schema(mode="validation")
    _add_units(schema, kind)
    shapes = all_shapes([kind])
    for name, definition in schema.get("$defs", {}).items():
        if name in shapes:
            _add_units(definition, shapes[name])
    return {
        "$schema": DIALECT,
        "$id": f"urn:{kind.event_type()}",
        **schema,
        "title": kind.event_type(),
        "examples": [recorded(kind)["data"]],
    }


def _add_units(schema: JsonObject, record: type[BaseModel]) -> None:
    for field in fields_of(record):
        if field.unit:
            schema["properties"][field.name]["x-unit"] = field.unit
