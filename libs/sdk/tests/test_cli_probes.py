"""Probes on the command line: what is typed becomes what is sent, and nonsense says what is not."""

import json
from pathlib import Path
from typing import Any

import pytest
import typer
from cli_runner import Run
from stand_in_api import StandIn

from arguslm.cli.assertion_text import assertion_of, text_of
from arguslm.schemas import ProbeResponse

V1 = "/api/v1"


def probe(**fields: Any) -> dict[str, Any]:
    given = {
        "id": "ca9a57ee-6666-4777-8888-9999aaaabbbb",
        "name": "Cities",
        "kind": "canary",
        "interval_s": 300,
        "created_at": "2026-11-26T09:00:00Z",
    }
    return given | fields


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("status=200", {"type": "status", "equals": 200}),
        ("total_ms<=2000", {"type": "latency", "metric": "total_ms", "at_most_ms": 2000.0}),
        ("first_token_ms <= 0.5", {"metric": "first_token_ms", "at_most_ms": 0.5}),
        ("matches=Rome|Paris=", {"type": "regex", "pattern": "Rome|Paris="}),
        ("$.city", {"type": "json_path", "path": "$.city"}),
        ("$.n=3", {"path": "$.n", "equals": 3}),
        ("$.city=Rome", {"path": "$.city", "equals": "Rome"}),
        ('$.city="3"', {"path": "$.city", "equals": "3"}),
        ("$.text~a=b", {"path": "$.text", "contains": "a=b"}),
    ],
)
def test_an_assertion_is_read_as_typed_and_shown_as_it_would_be_typed(
    text: str, expected: dict[str, Any]
) -> None:
    read = assertion_of(text, "warn")
    assert read | expected | {"level": "warn"} == read
    (shown,) = ProbeResponse.model_validate(probe(assertions=[read])).assertions
    assert assertion_of(text_of(shown).removesuffix(" (warn)"), "warn") == read


@pytest.mark.parametrize("text", ["", "fast", "status=ok", "total_ms=3", "matches=", "schema=/no"])
def test_what_is_no_assertion_is_refused(text: str) -> None:
    with pytest.raises(typer.BadParameter):
        assertion_of(text, "fail")


def test_a_probe_is_added_with_all_it_asserts(house: StandIn, run: Run, tmp_path: Path) -> None:
    house.answer("POST", f"{V1}/probes", probe(cron="*/5 * * * *", interval_s=None))
    schema = tmp_path / "city.json"
    schema.write_text('{"type": "object"}')
    done = run(
        *("probes", "add", "--name", "Cities", "--kind", "json_schema", "--cron", "*/5 * * * *"),
        *("--schema", str(schema), "--fail-unless", "$.city=Rome", "--warn-unless", "total_ms<=9"),
    )
    assert done.code == 0, done.err
    assert "at */5 * * * * (UTC)" in done.out
    sent = house.seen[-1].body
    assert (sent["kind"], sent["cron"]) == ("json_schema", "*/5 * * * *")
    assert sent["answer_schema"] == {"type": "object"}
    assert [(one["type"], one["level"]) for one in sent["assertions"]] == [
        ("json_path", "fail"),
        ("latency", "warn"),
    ]


def test_an_edit_sends_what_changes(house: StandIn, run: Run) -> None:
    house.answer("GET", f"{V1}/probes", {"items": [probe()]})
    house.answer("PATCH", f"{V1}/probes/{probe()['id']}", probe(enabled=False))
    done = run("probes", "edit", "Cities", "--off")
    assert done.out.strip() == "Cities: canary, every 300 s, off"
    assert house.seen[-1].body == {"enabled": False}
    assert "nothing to change" in run("probes", "edit", "Cities").err


def test_lists_say_what_to_do_when_empty_and_show_what_is_asserted(
    house: StandIn, run: Run
) -> None:
    house.answer("GET", f"{V1}/probes", {"items": []})
    assert "arguslm probes add --help" in run("probes", "list").out
    asserting = probe(assertions=[{"type": "latency", "at_most_ms": 900, "level": "warn"}])
    house.answer("GET", f"{V1}/probes", {"items": [asserting]})
    assert "total_ms<=900 (warn)" in run("probes", "list").out
    assert json.loads(run("probes", "list", "--json").out)[0]["name"] == "Cities"


@pytest.mark.parametrize(
    "words",
    [
        ("--kind", "smell", "--every", "60"),
        ("--kind", "canary", "--every", "1"),
        ("--kind", "canary", "--every", "soon"),
        ("--kind", "canary", "--every", "60", "--fail-unless", "fast"),
        ("--kind", "json_schema", "--every", "60", "--schema", "/nowhere.json"),
    ],
)
def test_nonsense_ends_with_one_line_and_code_2(
    house: StandIn, run: Run, words: tuple[str, ...]
) -> None:
    done = run("probes", "add", "--name", "P", *words)
    assert done.code == 2
    assert done.err
    assert house.seen == []
