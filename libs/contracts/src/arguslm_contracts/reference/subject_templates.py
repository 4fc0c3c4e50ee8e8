"""An event's subject with its keys by name, read off its recorded example."""

import json
from collections.abc import Iterator
from importlib.resources import files
from typing import Any

from arguslm_contracts.events.base import Event


def sample_name(kind: type[Event]) -> str:
    return f"{kind.event_type()}.json"


def subject_template(kind: type[Event]) -> str:
    """Such as `check.completed.<location>.<model_id>`."""
    sample = json.loads(
        (files("arguslm_contracts") / "samples" / sample_name(kind)).read_text(encoding="utf-8")
    )
    tokens = str(sample["subject"]).removeprefix(f"{kind.name}.").split(".")
    names = {str(value): name for name, value in reversed(list(_values(sample["data"])))}
    keys = [f"<{names[token]}>" if token in names else token for token in tokens]
    return ".".join([kind.name, *keys])


def _values(data: dict[str, Any]) -> Iterator[tuple[str, object]]:
    """Fields and their values, the outer ones first."""
    inner = []
    for name, value in data.items():
        if isinstance(value, dict):
            inner.append(value)
        elif isinstance(value, str | int):
            yield name, value
    for record in inner:
        yield from _values(record)
