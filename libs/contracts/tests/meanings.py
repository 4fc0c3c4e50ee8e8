"""What readers make of a recorded example: each value they find, with its kind.

Of an example as it was recorded, and of the same with nothing but what must be there: so that a
changed default is seen as well as a changed field.
"""

import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from pydantic import BaseModel

from arguslm_contracts.envelope import decode
from arguslm_contracts.events.base import Event

MEANINGS = Path(__file__).parent / "meanings"
Meaning = dict[str, dict[str, str]]


def meaning_of(sample: dict[str, Any]) -> Meaning:
    whole = _read(sample, sample["data"])
    return {
        "as recorded": dict(_values("", whole)),
        "with defaults": dict(_values("", _read(sample, _required(whole)))),
    }


def changed(before: Meaning, now: Meaning) -> list[str]:
    """Where readers find another value than when the example was recorded, or none; what was
    added since then is no change."""
    return [
        f"{part}{path}: was {value}, is {now[part].get(path, 'gone')}"
        for part, values in before.items()
        for path, value in values.items()
        if now[part].get(path) != value
    ]


def path_of(event_type: str) -> Path:
    return MEANINGS / f"{event_type}.json"


def _read(sample: dict[str, Any], data: dict[str, Any]) -> Event:
    body = json.dumps(data).encode()
    return decode(
        sample["headers"], body, stream=sample["stream"], sequence=1, subject=sample["subject"]
    ).event


def _required(record: BaseModel) -> dict[str, Any]:
    """The record's JSON without the fields that have a default."""
    whole = record.model_dump(mode="json")
    return {
        name: _required(value) if isinstance(value, BaseModel) else whole[name]
        for name, info in type(record).model_fields.items()
        if info.is_required()
        for value in [getattr(record, name)]
    }


def _values(path: str, value: object) -> Iterator[tuple[str, str]]:
    if isinstance(value, BaseModel):
        for name in type(value).model_fields:
            yield from _values(f"{path}.{name}", getattr(value, name))
    elif isinstance(value, dict):
        yield path, f"map of {len(value)}"
        for name, inner in value.items():
            yield from _values(f"{path}[{name}]", inner)
    elif isinstance(value, tuple | list):
        yield path, f"list of {len(value)}"
        for index, inner in enumerate(value):
            yield from _values(f"{path}[{index}]", inner)
    else:
        yield path, f"{_kind(value)} {value}".strip()


def _kind(value: object) -> str:
    for kind, name in (
        (bool, "yes/no"),
        (int, "integer"),
        (float, "number"),
        (str, "text"),
        (UUID, "UUID"),
        (datetime, "time"),
    ):
        if isinstance(value, kind):
            return name
    return ""
