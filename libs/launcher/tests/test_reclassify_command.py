"""arguslm reclassify: shows first, does it once, and says nothing where nothing changes."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from arguslm_bus.publisher import Publisher
from arguslm_bus.reader import read_until, stream_state
from arguslm_contracts.events.checks import CheckCompleted, CheckReclassified
from arguslm_contracts.identity import derive
from arguslm_contracts.measurement import Evidence, Measurement
from arguslm_contracts.outcomes import TAXONOMY_VERSION, VERDICTS, Outcome
from arguslm_contracts.streams import CHECKS
from arguslm_launcher.cli import main
from arguslm_launcher.data_dir import DataDir, HouseNote
from arguslm_launcher.reclassification import Reclassification, Wanted
from arguslm_testkit.bus import BusForTests, running_bus

T0 = datetime(2026, 11, 1, 12, tzinfo=UTC)
REGION = Evidence(http_status=403, error_code="unsupported_country_region_territory")
QUOTA = Evidence(http_status=429, error_code="insufficient_quota")
Run = Callable[..., Awaitable[tuple[int, str, str]]]


def check(
    number: int,
    outcome: Outcome,
    evidence: Evidence,
    provider: str = "openai",
    version: int = 1,
    **fields: Any,
) -> CheckCompleted:
    at = T0 + timedelta(minutes=number)
    return CheckCompleted(
        check_id=derive("check", provider, number),
        model_id=derive("model", provider),
        provider_id=str(derive("provider", provider)),
        provider_type=provider,
        provider_name=provider.title(),
        model=f"{provider}-1",
        location="local",
        due_at=at,
        started_at=at,
        completed_at=at,
        measurement=Measurement(
            outcome=outcome,
            fault_owner=VERDICTS[outcome].fault_owner,
            taxonomy_version=version,
            evidence=evidence,
        ),
        **fields,
    )


HISTORY = [
    *(check(number, Outcome.AUTH, REGION) for number in range(3)),
    *(check(number, Outcome.QUOTA_EXHAUSTED, QUOTA) for number in range(3, 5)),
    *(check(number, Outcome.QUOTA_EXHAUSTED, QUOTA, "dashscope") for number in range(5, 7)),
    # Too little was kept; decided by today's taxonomy; no part of any count.
    check(7, Outcome.EMPTY, Evidence(http_status=200, finish_reason="length")),
    check(8, Outcome.AUTH, REGION, version=TAXONOMY_VERSION),
    check(9, Outcome.AUTH, REGION, purpose="connection_test"),
    check(10, Outcome.DNS, Evidence()),
]
OPENAI = {"provider": "Openai", "was": "auth", "becomes": "region_blocked", "checks": 3}
ALIBABA = {
    "provider": "Dashscope",
    "was": "quota_exhausted",
    "becomes": "rate_limited",
    "checks": 2,
}


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[BusForTests]:
    async with running_bus(tmp_path / "nats") as bus:
        DataDir(tmp_path).write_note(HouseNote(url="", nats_url=bus.server.url))
        publisher = Publisher(await bus.client("prober"), "prober")
        for one in HISTORY:
            await publisher.append(one)
        yield bus


@pytest.fixture
def run(capfd: pytest.CaptureFixture[str], tmp_path: Path) -> Run:
    async def arguslm(*arguments: str) -> tuple[int, str, str]:
        command = ["reclassify", *arguments, "--data-dir", str(tmp_path)]
        code = await asyncio.to_thread(main, command)
        said = capfd.readouterr()
        return code, said.out, said.err

    return arguslm


async def said(bus: BusForTests) -> list[str]:
    """The subjects of what was decided again."""
    client = await bus.client()
    until = (await stream_state(client, CHECKS.name)).last_sequence
    pattern = (f"{CheckReclassified.name}.>",)
    return [
        message.subject
        async for batch in read_until(client, CHECKS.name, after=0, until=until, subjects=pattern)
        for message in batch
    ]


async def test_it_shows_first_and_does_it_once(house: BusForTests, run: Run) -> None:
    code, out, err = await run()
    assert code == 1
    assert "auth" in out
    assert "region_blocked" in out
    assert "say --yes" in err
    code, out, _ = await run("--json")
    shown = json.loads(out)
    assert (code, shown["checks"], shown["done"]) == (1, 10, False)
    assert shown["changes"] == [OPENAI, ALIBABA]
    assert await said(house) == []

    code, out, _ = await run("--json", "--yes", "--provider", "openai")
    assert (code, json.loads(out)["changes"], json.loads(out)["done"]) == (0, [OPENAI], True)
    code, out, err = await run("--yes")
    assert (code, "2 checks decided again" in err) == (0, True)
    subjects = await said(house)
    assert len(set(subjects)) == len(subjects) == 5
    for _ in range(2):
        code, out, err = await run("--yes")
        assert (code, "Nothing would change" in out, err) == (0, True, "")
    assert await said(house) == subjects


@pytest.mark.parametrize(
    ("wanted", "changes"),
    [
        (Wanted(model="dashscope-1"), [ALIBABA]),
        (Wanted(model=str(derive("model", "openai"))), [OPENAI]),
        (Wanted(provider="Dashscope"), [ALIBABA]),
        (Wanted(provider="openai", until=T0 + timedelta(minutes=1)), [{**OPENAI, "checks": 1}]),
        (Wanted(since=T0 + timedelta(minutes=6)), [{**ALIBABA, "checks": 1}]),
    ],
)
def test_only_what_is_wanted(wanted: Wanted, changes: list[Any]) -> None:
    found = Reclassification(wanted)
    for one in HISTORY:
        found.see(one)
    assert [change._asdict() for change in found.changes()] == changes


async def test_silly_questions(house: BusForTests, run: Run) -> None:
    code, out, err = await run("--model", "no-such-model")
    assert (code, out) == (1, "")
    assert "no check is of that model" in err
    code, _, err = await run("--since", "2026-11-02", "--until", "2026-11-01")
    assert (code, "--since has to be before --until" in err) == (2, True)


async def test_a_bus_that_an_older_release_made(house: BusForTests, run: Run) -> None:
    jetstream = (await house.client()).jetstream()
    config = (await jetstream.stream_info(CHECKS.name)).config
    taken = [subject for subject in config.subjects or [] if "reclassified" not in subject]
    await jetstream.update_stream(config.evolve(subjects=taken))
    code, _, err = await run("--yes")
    assert (code, err.count("\n")) == (1, 1)
    assert "was the house ever started with this release?" in err


def test_a_twin_that_comes_later_is_not_decided_once_more() -> None:
    found = Reclassification(Wanted())
    found.see(HISTORY[0])
    (event,) = found.events
    found.see(event)
    found.see(HISTORY[0])
    assert found.events == []
