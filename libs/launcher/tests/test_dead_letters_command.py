"""`arguslm dead-letters`, as a person types it."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from arguslm_bus.dead_letters import bury
from arguslm_bus.reader import RawMessage
from arguslm_contracts.envelope import encode
from arguslm_contracts.events.checks import ClockTicked
from arguslm_launcher.cli import main
from arguslm_launcher.data_dir import DataDir, HouseNote
from arguslm_testkit.bus import BusForTests, running_bus

Run = Callable[..., Awaitable[tuple[int, str, str]]]


@pytest.fixture
def run(capfd: pytest.CaptureFixture[str], tmp_path: Path) -> Run:
    async def dead_letters(*arguments: str) -> tuple[int, str, str]:
        command = ["dead-letters", *arguments, "--data-dir", str(tmp_path)]
        code = await asyncio.to_thread(main, command)
        said = capfd.readouterr()
        return code, said.out, said.err

    return dead_letters


async def bury_some(bus: BusForTests, data_dir: Path) -> None:
    """1: of a worker, 2: of the scheduler's tables and unreadable, 3: of the worker again."""
    DataDir(data_dir).write_note(HouseNote(url="", nats_url=bus.server.url))
    client = await bus.client()
    tick = ClockTicked(second=2, previous_second=1)
    now = datetime.now(UTC)
    headers, body = encode(tick, source="scheduler", time=now)
    good = RawMessage(5, tick.subject, headers, body, 0, now)
    bad = RawMessage(6, tick.subject, None, b"\x1b[31m\xff", 0, now)
    last = RawMessage(7, tick.subject, headers, body, 0, now)
    await bury(client, "prober", "CHECK_REQUESTS", good, "a\nb", attempts=8, durable="prober-local")
    await bury(client, "scheduler", "CLOCK", bad, "not JSON")
    await bury(client, "prober", "CHECK_REQUESTS", last, "again", durable="prober-local")


async def test_listed_shown_replayed_and_dropped(run: Run, tmp_path: Path) -> None:
    async with running_bus(tmp_path / "nats") as bus:
        assert (await run("list"))[0] == 1, "no house there yet"
        DataDir(tmp_path).write_note(HouseNote(url="", nats_url=bus.server.url))
        assert "everything could be handled" in (await run("list"))[1]
        assert json.loads((await run("list", "--json"))[1]) == []
        await bury_some(bus, tmp_path)

        code, out, _ = await run("list")
        assert (code, "prober-local" in out, "not JSON" in out) == (0, True, True)
        found = json.loads((await run("list", "--json", "--service", "prober"))[1])
        assert [(one["number"], one["sequence"], one["attempts"]) for one in found] == [
            (1, 5, 8),
            (3, 7, 1),
        ]
        only = json.loads((await run("list", "--json", "--stream", "CLOCK"))[1])
        assert [one["number"] for one in only] == [2]

        code, out, _ = await run("show", "1")
        assert (code, "given up by prober-local after 8 tries: a b" in out) == (0, True)
        assert '"previous_second": 1' in out
        code, out, _ = await run("show", "2")
        assert (code, "the tables of scheduler" in out, "\x1b" in out) == (0, True, False)
        assert "no event of ours: no ce-type header" in out
        shown = json.loads((await run("show", "1", "--json"))[1])
        assert shown["event"] == {"second": 2, "previous_second": 1}
        assert shown["headers"]["ce-type"] == "arguslm.clock.ticked.v1"

        assert await run("replay", "1") == (0, "", "1 of 1 letters replayed\n")
        code, _, err = await run("replay", "1", "2")
        assert (code, "letter 1 was replayed at" in err, "arguslm rebuild scheduler" in err) == (
            1,
            True,
            True,
        )
        code, _, err = await run("drop", "--all", "--reason", "known")
        assert (code, err) == (0, "2 of 2 letters dropped\n")
        assert json.loads((await run("list", "--json"))[1]) == []
        decided = json.loads((await run("list", "--json", "--decided"))[1])
        assert [one["decided"].split()[0] for one in decided] == ["replayed", "dropped", "dropped"]
        assert decided[1]["decided"].endswith(": known")


@pytest.mark.parametrize("verb", ["replay", "drop"])
async def test_silly_wishes(run: Run, tmp_path: Path, verb: str) -> None:
    async with running_bus(tmp_path / "nats") as bus:
        DataDir(tmp_path).write_note(HouseNote(url="", nats_url=bus.server.url))
        for arguments in ((), ("1", "--all"), ("1", "--service", "prober")):
            code, _, err = await run(verb, *arguments)
            assert (code, "give numbers of letters, or --all" in err) == (2, True)
        code, _, err = await run(verb, "9")
        assert (code, err) == (1, "no letter 9: see `arguslm dead-letters list --decided`\n")
        assert (await run(verb, "x"))[0] == 2
