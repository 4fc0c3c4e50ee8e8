"""export-events and import-events: filtered, idempotent, and clear about a bad line."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from houses import content_of, woken

from arguslm_bus.publisher import Publisher
from arguslm_contracts.events.alerts import AlertAcknowledged
from arguslm_contracts.events.base import Event
from arguslm_contracts.events.checks import CheckReclassified, ClockTicked, DiscoveryRequested
from arguslm_contracts.events.history import CheckSummarized, HourClosed
from arguslm_contracts.identity import derive
from arguslm_contracts.measurement import Target
from arguslm_contracts.reference.schemas import recorded
from arguslm_contracts.streams import ALERTS, CHECK_REQUESTS
from arguslm_launcher.cli import main
from arguslm_launcher.data_dir import DataDir, HouseNote
from arguslm_testkit.bus import BusForTests, running_bus

Run = Callable[..., Awaitable[tuple[int, str, str]]]


@pytest.fixture
def run(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.delenv("ARGUSLM_DATABASE_URL", raising=False)

    async def arguslm(*arguments: object) -> tuple[int, str, str]:
        code = await asyncio.to_thread(main, [str(argument) for argument in arguments])
        said = capfd.readouterr()
        return code, said.out, said.err

    return arguslm


def asked(number: int) -> DiscoveryRequested:
    provider_id = derive("provider", number)
    return DiscoveryRequested(
        request_id=derive("request", number),
        provider_id=provider_id,
        target=Target(provider_id=str(provider_id), provider_type="openai", provider_name="Ä\n"),
    )


async def house_with(directory: Path, *events: Event) -> None:
    async with running_bus(directory / "nats") as bus:
        DataDir(directory).write_note(HouseNote(url="", nats_url=bus.server.url))
        publisher = Publisher(await bus.client(), "scheduler")
        for event in events:
            await publisher.append(event)
        # Not JSON, not an event.
        await (await bus.client()).jetstream().publish("discovery.requested.x", b"\xff")


async def events_in(bus: BusForTests) -> list[tuple[Any, ...]]:
    content = await content_of(bus)
    return [
        (subject, (headers or {}).get("ce-id"), json.loads(body))
        for stream in (CHECK_REQUESTS.name, ALERTS.name)
        for _, _, subject, headers, body in content[stream]
        if body != b"\xff"
    ]


async def test_out_of_one_house_and_into_another(run: Run, tmp_path: Path) -> None:
    old, new, file = tmp_path / "old", tmp_path / "new", tmp_path / "events.jsonl"
    tick = ClockTicked(second=2, previous_second=1)
    await house_with(old, *(asked(number) for number in range(600)), tick)
    await house_with(new, asked(3))
    code, _, err = await run("export-events", file, "--data-dir", old)
    assert (code, err) == (0, "602 events\n")
    lines = [json.loads(line) for line in file.read_text().splitlines()]
    assert lines[0]["data"]["target"]["provider_name"] == "Ä\n"
    assert [line["sequence"] for line in lines[:3]] == [1, 2, 3]
    assert [line.get("data_base64") for line in lines if "data" not in line] == ["/w=="]
    # What is no event of ours cannot be imported; everything before it is.
    code, out, err = await run("import-events", file, "--data-dir", new, "--json")
    assert code == 1
    assert json.loads(out)["stored"] == 599
    assert "line 601: " in err
    assert "not a CloudEvent" in err
    good = tmp_path / "good.jsonl"
    good.write_text("".join(json.dumps(line) + "\n" for line in lines if "data" in line))
    for _ in range(2):
        code, out, _ = await run("import-events", good, "--data-dir", new, "--json")
        assert (code, json.loads(out)) == (
            0,
            {"stored": 0, "known": 600, "passed_over": 1, "error": None},
        )
    async with woken(old) as first, woken(new) as second:
        assert sorted(map(str, await events_in(first))) == sorted(map(str, await events_in(second)))


async def test_what_speaks_of_its_own_houses_streams_stays_behind(run: Run, tmp_path: Path) -> None:
    """Closed hours name sequences: folded in another house, they would let go of its checks."""
    old, new, file = tmp_path / "old", tmp_path / "new", tmp_path / "events.jsonl"
    summary = CheckSummarized.model_validate(recorded(CheckSummarized)["data"])
    closed = HourClosed.model_validate(recorded(HourClosed)["data"])
    again = CheckReclassified.model_validate(recorded(CheckReclassified)["data"])
    await house_with(
        old, asked(1), ClockTicked(second=2, previous_second=1), again, summary, closed
    )
    await house_with(new)
    assert (await run("export-events", file, "--subject", "*.*.>", "--data-dir", old))[0] == 0
    lines = [line for line in file.read_text().splitlines() if "data_base64" not in line]
    assert len(lines) == 5
    file.write_text("\n".join(lines))
    code, out, _ = await run("import-events", file, "--data-dir", new, "--json")
    assert (code, json.loads(out)["stored"], json.loads(out)["passed_over"]) == (0, 1, 4)


async def test_only_what_is_asked_for(run: Run, tmp_path: Path) -> None:
    acknowledged = AlertAcknowledged.model_validate(
        {
            "alert_id": derive("a", 1),
            "acknowledged_by": "someone",
            "acknowledged_at": "2026-11-24T00:00:00Z",
        }
    )
    await house_with(tmp_path, asked(1), asked(2), acknowledged)

    async def exported(*options: object) -> list[str]:
        code, out, _ = await run("export-events", "-", "--data-dir", tmp_path, *options)
        assert code == 0
        return [json.loads(line)["subject"] for line in out.splitlines()]

    assert await exported("--stream", "ALERTS") == [acknowledged.subject]
    assert await exported("--subject", asked(2).subject) == [asked(2).subject]
    assert await exported("--subject", "alert.>", "--subject", asked(1).subject) == [
        asked(1).subject,
        acknowledged.subject,
    ]
    assert await exported("--until", "2020-01-01") == []
    assert len(await exported("--since", "2020-01-01")) == 3
    code, _, err = await run("export-events", "--stream", "CHEX", "--data-dir", tmp_path)
    assert (code, "choose of REGISTRY" in err) == (2, True)
    (tmp_path / "there").write_text("")
    code, _, err = await run("export-events", tmp_path / "there", "--data-dir", tmp_path)
    assert (code, "File exists" in err, err.count("\n")) == (1, True, 1)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("{", "no JSON"),
        ("[]", "not a JSON object"),
        ("{}", "`subject` is missing"),
        ('{"subject": "nobody.keeps", "headers": {}, "data": {}, "id": "x"}', "no stream keeps"),
        ('{"subject": "alert.raised.x", "headers": {}, "data": {}, "id": "x"}', "no ce-type"),
        ('{"subject": "alert.raised.x", "headers": {}, "data_base64": "!", "id": "x"}', "base64"),
    ],
)
async def test_a_bad_line_is_named(run: Run, tmp_path: Path, line: str, reason: str) -> None:
    file = tmp_path / "events.jsonl"
    await house_with(tmp_path, asked(1))
    assert (await run("export-events", file, "--subject", "*.*.*", "--data-dir", tmp_path))[0] == 0
    first = json.loads(file.read_text().splitlines()[0])
    file.write_text(f"{json.dumps(first)}\n\n{line}\n")
    code, out, err = await run("import-events", file, "--data-dir", tmp_path)
    assert (code, out, err.count("\n")) == (1, "", 1)
    assert "line 3: " in err
    assert reason.lower() in err.lower()


async def test_a_running_house_is_refused(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "events.jsonl"
    file.write_text("")
    async with running_bus(tmp_path / "nats") as bus:
        DataDir(tmp_path).write_note(HouseNote(url="", nats_url=bus.server.url))
        code, _, err = await run("import-events", file, "--data-dir", tmp_path)
    assert (code, "is running: stop it first" in err) == (1, True)
    code, _, err = await run("import-events", tmp_path / "none", "--data-dir", tmp_path)
    assert (code, "cannot open" in err) == (1, True)
