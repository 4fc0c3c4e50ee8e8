"""The generated docs are those of the code as it stands."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator, FormatChecker
from record_samples import SAMPLES

from arguslm_contracts.catalogue import EVENTS
from arguslm_contracts.events.alerts import NotificationDelivered
from arguslm_contracts.events.checks import CheckCompleted, ClockTicked
from arguslm_contracts.measurement import Evidence, Measurement, ProbeProfile, Timing
from arguslm_contracts.permissions import OPERATOR, SERVICES
from arguslm_contracts.reference.fields import Field, fields_of
from arguslm_contracts.reference.markers import (
    BEGIN,
    END,
    replace_generated,
    write_files,
    write_pages,
)
from arguslm_contracts.reference.subject_templates import subject_template

DOCS = Path(__file__).parents[3] / "docs"


def field(record: type, name: str) -> Field:
    return next(one for one in fields_of(record) if one.name == name)


def test_the_pages_are_not_stale() -> None:
    assert write_pages(DOCS, check=True) == [], "run `just docs` and commit"


def test_the_files_are_not_stale() -> None:
    assert write_files(DOCS, check=True) == [], "run `just docs` and commit"


@pytest.mark.parametrize("path", sorted(SAMPLES.glob("*.json")), ids=lambda path: path.stem)
def test_every_recorded_example_fits_its_schema(path: Path) -> None:
    """Of older versions too: their schemas stay."""
    schema = json.loads((DOCS / "schemas" / path.name).read_text())
    Draft202012Validator.check_schema(schema)
    data = json.loads(path.read_text())["data"]
    Draft202012Validator(schema, format_checker=FormatChecker()).validate(data)
    assert not Draft202012Validator(schema).is_valid({})


def test_the_asyncapi_document_leads_everywhere_it_points() -> None:
    document = json.loads((DOCS / "asyncapi.json").read_text())
    assert document["asyncapi"] == "3.0.0"
    pointers = [
        part["$ref"]
        for part in _objects(document)
        if isinstance(part, dict) and isinstance(part.get("$ref"), str)
    ]
    assert len(pointers) > 4 * len(EVENTS)
    for pointer in pointers:
        file, _, inside = pointer.partition("#")
        found = json.loads((DOCS / file).read_text()) if file else document
        for token in filter(None, inside.split("/")):
            found = found[token]
    for kind in EVENTS:
        channel = document["channels"][kind.name]
        in_address = set(re.findall(r"{(\w+)}", channel["address"]))
        assert in_address == set(channel.get("parameters", {}))
        message = document["components"]["messages"][kind.event_type()]
        headers = Draft202012Validator(document["components"]["schemas"]["headers"])
        headers.validate(message["examples"][0]["headers"])
    senders = {name.split(".")[0] for name in document["operations"]}
    assert senders == {service.name for service in SERVICES} | {OPERATOR}


def _objects(part: object) -> Iterator[object]:
    """A JSON value and all within it."""
    yield part
    inner = part.values() if isinstance(part, dict) else part if isinstance(part, list) else ()
    for one in inner:
        yield from _objects(one)


def test_every_event_is_explained() -> None:
    page = (DOCS / "events.md").read_text()
    for kind in EVENTS:
        assert f"### {kind.name}\n\n" in page
        assert kind.__dict__.get("__doc__"), f"{kind.__name__} says nothing about itself"


@pytest.mark.parametrize(
    ("kind", "template"),
    [
        (CheckCompleted, "check.completed.<location>.<model_id>"),
        (ClockTicked, "clock.ticked.second"),
        (
            NotificationDelivered,
            "notification.delivered.<alert_id>.<transition>.<channel_id>",
        ),
    ],
)
def test_a_subject_is_told_by_its_keys(kind: type, template: str) -> None:
    assert subject_template(kind) == template


@pytest.mark.parametrize(
    ("record", "name", "says", "unit", "default"),
    [
        (Timing, "headers_ms", "number or nothing", "ms", ""),
        (ProbeProfile, "max_tokens", "integer", "tokens", "`100`"),
        (Measurement, "tokens_per_s", "number or nothing", "1/s", ""),
        (CheckCompleted, "due_at", "time", "UTC, microseconds", "required"),
        (CheckCompleted, "measurement", "[Measurement](#measurement)", "", "required"),
        (Evidence, "http_status", "integer or nothing", "", ""),
        (ClockTicked, "second", "integer", "s, Unix time", "required"),
    ],
)
def test_a_field_is_told_with_its_unit(
    record: type, name: str, says: str, unit: str, default: str
) -> None:
    found = field(record, name)
    assert (found.says, found.unit, found.default) == (says, unit, default)


def test_only_the_part_between_the_markers_is_replaced() -> None:
    page = f"# By hand\n\n{BEGIN}\nold\n{END}\n\nby hand too\n"
    assert replace_generated(page, "new") == (
        f"# By hand\n\n{BEGIN}\n\nnew\n\n{END}\n\nby hand too\n"
    )
    with pytest.raises(ValueError, match="the page needs"):
        replace_generated("# a page without them", "new")
