"""backup and restore: the same streams, sequence by sequence, and the same keys; or one error and
nothing changed."""

import asyncio
import json
import stat
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest
from houses import content_of, woken
from nats.aio.client import Client
from nats.js.api import AckPolicy, ConsumerConfig
from pydantic import SecretStr

from arguslm_bus.publisher import Publisher
from arguslm_bus.reader import read_until, stream_state
from arguslm_bus.retention import RetentionSettings
from arguslm_bus.snapshot import durable_marks, turn_back
from arguslm_bus.topology import apply_topology, stream_config
from arguslm_contracts.events.accounts import SessionEnded
from arguslm_contracts.events.checks import ClockTicked
from arguslm_contracts.events.registry import MonitoringConfig, MonitoringConfigured
from arguslm_contracts.permissions import OPERATOR
from arguslm_contracts.streams import ACCOUNTS, CLOCK, REGISTRY
from arguslm_launcher import backup as backup_module
from arguslm_launcher.cli import main
from arguslm_launcher.data_dir import DataDir, HouseNote
from arguslm_storage.vault import create_key_file
from arguslm_testkit.bus import BusForTests, running_bus
from arguslm_testkit.older import make_older, say_as_before

Run = Callable[..., Awaitable[tuple[int, str, str]]]
TICKS = 100


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ARGUSLM_DATABASE_URL", raising=False)


@pytest.fixture
def run(capfd: pytest.CaptureFixture[str]) -> Run:
    async def arguslm(*arguments: object) -> tuple[int, str, str]:
        code = await asyncio.to_thread(main, [str(argument) for argument in arguments])
        said = capfd.readouterr()
        return code, said.out, said.err

    return arguslm


@asynccontextmanager
async def house_with_events(directory: Path) -> AsyncIterator[BusForTests]:
    """A bus with a durable that has acknowledged some of what it took, and not in order."""
    create_key_file(directory / "keys" / "fernet.key")
    DataDir(directory).admin_key("argus_planted-key")
    async with running_bus(directory / "nats") as bus:
        DataDir(directory).write_note(HouseNote(url="", nats_url=bus.server.url))
        publisher = Publisher(await bus.client("scheduler"), "scheduler")
        for number in range(TICKS):
            await publisher.append(ClockTicked(second=number + 1, previous_second=number))
        jetstream = (await bus.client()).jetstream()
        await jetstream.add_consumer(
            CLOCK.name, ConsumerConfig(durable_name="some", ack_policy=AckPolicy.EXPLICIT)
        )
        subscription = await jetstream.pull_subscribe("", durable="some", stream=CLOCK.name)
        for number, message in enumerate(await subscription.fetch(20)):
            if number < 5 or number % 2:
                await message.ack_sync()
        yield bus


def signed_out(number: int) -> SessionEnded:
    at = datetime(2026, 11, 1, tzinfo=UTC)
    return SessionEnded(revision=1, at=at, session_id=UUID(int=number), expires_at=at)


def monitored() -> MonitoringConfigured:
    at = datetime(2026, 11, 1, tzinfo=UTC)
    return MonitoringConfigured(revision=1, at=at, config=MonitoringConfig())


@asynccontextmanager
async def older_house(directory: Path) -> AsyncIterator[Client]:
    """As a release before ACCOUNTS left it: two account events in REGISTRY, another between."""
    async with house_with_events(directory) as bus:
        client = await bus.client()
        await make_older(client)
        await say_as_before(client, [signed_out(1), monitored(), signed_out(2)])
        yield client


def by_subject(*numbers: int) -> list[str]:
    return [signed_out(number).subject for number in numbers]


async def subjects_in(bus: BusForTests) -> list[str]:
    """Of what REGISTRY and then ACCOUNTS hold, in order."""
    client = await bus.client()
    return [
        message.subject
        for stream in (REGISTRY.name, ACCOUNTS.name)
        async for batch in read_until(client, stream, after=0, until=1_000)
        for message in batch
    ]


@pytest.mark.parametrize("sealed", [False, True], ids=["plain", "sealed"])
async def test_a_restored_house_is_the_same_house(run: Run, tmp_path: Path, sealed: bool) -> None:
    old, new, file = tmp_path / "old", tmp_path / "new", tmp_path / "house.backup"
    passphrase = tmp_path / "passphrase"
    passphrase.write_text("correct horse\n")
    with_passphrase = ("--passphrase-file", passphrase) if sealed else ()
    async with house_with_events(old) as bus:
        before = await content_of(bus)
        origin = (await stream_state(await bus.client(), CLOCK.name)).origin
        marks = await durable_marks(await bus.client(), [CLOCK.name])
        # Beside the running house, and then without it.
        running = await run("backup", file, "--data-dir", old, *with_passphrase)
    assert running[0] == 0, running
    resting = tmp_path / "resting.backup"
    code, out, _ = await run("backup", resting, "--data-dir", old, "--json", *with_passphrase)
    assert (code, json.loads(out)["sealed"]) == (0, sealed)
    assert json.loads(out)["events"][CLOCK.name] == TICKS
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    fernet = (old / "keys" / "fernet.key").read_text().strip().encode()
    assert (fernet in file.read_bytes()) is not sealed
    assert ("open every credential" in running[2]) is not sealed
    for backup in (file, resting):
        target = new / backup.stem
        code, _, err = await run("restore", backup, "--data-dir", target, *with_passphrase)
        assert code == 0, err
        assert sorted(path.name for path in target.iterdir()) == ["house.json", "keys", "nats"]
        for name in ("keys/fernet.key", "keys/admin.key", "nats/passwords.json"):
            assert (target / name).read_text() == (old / name).read_text()
            assert stat.S_IMODE((target / name).stat().st_mode) == 0o600
        async with woken(target) as bus:
            client = await bus.client()
            assert await content_of(bus) == before
            assert (await stream_state(client, CLOCK.name)).origin == origin
            assert await durable_marks(client, [CLOCK.name]) == marks
            # What the broker knew of ids, it knows again; and the next sequence is the next.
            publisher = Publisher(await bus.client("scheduler"), "scheduler")
            twin = await publisher.append(ClockTicked(second=TICKS, previous_second=TICKS - 1))
            assert twin.duplicate
            fresh = await publisher.append(ClockTicked(second=TICKS + 1, previous_second=TICKS))
            assert fresh.sequence == TICKS + 1


async def test_a_restored_house_can_be_backed_up_and_restored_again(
    run: Run, tmp_path: Path
) -> None:
    async with house_with_events(tmp_path / "0") as bus:
        origin = (await stream_state(await bus.client(), CLOCK.name)).origin
        before = await content_of(bus)
    for number in (0, 1):
        file = tmp_path / f"{number}.backup"
        assert (await run("backup", file, "--data-dir", tmp_path / str(number)))[0] == 0
        assert (await run("restore", file, "--data-dir", tmp_path / str(number + 1)))[0] == 0
    async with woken(tmp_path / "2") as bus:
        state = await stream_state(await bus.client(), CLOCK.name)
        assert (state.origin, state.created > origin) == (origin, True)
        assert await content_of(bus) == before


async def test_what_was_acknowledged_while_the_backup_ran_is_given_out_again(
    tmp_path: Path,
) -> None:
    """Its result may be missing in a stream that was taken earlier."""
    async with house_with_events(tmp_path) as bus:
        client = await bus.client()
        (mark,) = await durable_marks(client, [CLOCK.name])
        assert (mark.floor, mark.delivered, mark.pending) == (6, 20, 7)
        await turn_back(client, [mark])
        assert await durable_marks(client, [CLOCK.name]) == [mark]
        await turn_back(client, [replace(mark, floor=2, delivered=4)])
        (back,) = await durable_marks(client, [CLOCK.name])
        assert (back.floor, back.pending) == (2, 0)
        jetstream = client.jetstream()
        subscription = await jetstream.pull_subscribe("", durable="some", stream=CLOCK.name)
        (again,) = await subscription.fetch(1)
        assert again.metadata.sequence.stream == 3


async def test_a_damaged_file_changes_nothing(run: Run, tmp_path: Path) -> None:
    good, sealed = tmp_path / "good", tmp_path / "sealed"
    passphrase, wrong = tmp_path / "passphrase", tmp_path / "wrong"
    passphrase.write_text("correct horse")
    wrong.write_text("battery staple")
    async with house_with_events(tmp_path / "old"):
        assert (await run("backup", good, "--data-dir", tmp_path / "old"))[0] == 0
        command = ("backup", sealed, "--data-dir", tmp_path / "old")
        assert (await run(*command, "--passphrase-file", passphrase))[0] == 0
    whole = good.read_bytes()
    half = len(whole) // 2
    files = {
        "half": (whole[:half], "cut short"),
        "nearly whole": (whole[:-12_000], "cut short"),
        "a bit flipped": (
            whole.replace(b'"taken_at": "2', b'"taken_at": "3', 1),
            "its content has changed",
        ),
        "empty": (b"", "no backup of ArgusLM"),
        "text": (b"hello " * 1000, "no backup of ArgusLM"),
        "sealed": (sealed.read_bytes(), "give its passphrase"),
    }
    new = tmp_path / "new"
    for name, (content, reason) in files.items():
        (tmp_path / "bad").write_bytes(content)
        code, out, err = await run("restore", tmp_path / "bad", "--data-dir", new)
        assert (code, out, err.count("\n")) == (1, "", 1), name
        assert reason in err, name
        assert "nothing was changed" in err, name
        assert not new.exists(), name
    whole = sealed.read_bytes()
    for content, key, reason in (
        (whole, wrong, "the passphrase is wrong"),
        (whole[:-1], passphrase, "damaged"),
        (whole[: len(whole) // 2], passphrase, "damaged"),
        (whole[:20], passphrase, "no backup of ArgusLM"),
    ):
        (tmp_path / "bad").write_bytes(content)
        command = ("restore", tmp_path / "bad", "--data-dir", new, "--passphrase-file", key)
        code, _, err = await run(*command)
        assert (code, reason in err, new.exists()) == (1, True, False), err


async def test_nothing_is_written_over(run: Run, tmp_path: Path) -> None:
    file, house = tmp_path / "house.backup", tmp_path / "old"
    async with house_with_events(house) as bus:
        assert (await run("backup", file, "--data-dir", house))[0] == 0
        before = await content_of(bus)
        code, _, err = await run("backup", file, "--data-dir", house)
        assert (code, "exists: choose another name" in err) == (1, True)
        code, _, err = await run("restore", file, "--data-dir", house)
        assert (code, "is not empty" in err) == (1, True)
        assert await content_of(bus) == before
    code, _, err = await run("restore", tmp_path / "none", "--data-dir", tmp_path / "new")
    assert (code, "No such file" in err) == (1, True)
    code, _, err = await run("backup", tmp_path / "no" / "dir" / "f", "--data-dir", house)
    assert (code, "cannot write" in err, err.count("\n")) == (1, True, 1)
    code, _, err = await run("backup", tmp_path / "f", "--data-dir", tmp_path / "nobody")
    assert (code, "no house in" in err, (tmp_path / "f").exists()) == (1, True, False)
    (tmp_path / "empty").write_text("")
    command = ("backup", tmp_path / "f", "--data-dir", house, "--passphrase-file")
    assert (await run(*command, tmp_path / "empty"))[0] == 2
    assert (await run(*command, tmp_path / "absent"))[0] == 2
    assert not list(tmp_path.glob("*.partial"))


async def test_onto_a_bus_of_its_own(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As in compose: the bus has other passwords, and must have no streams."""
    file = tmp_path / "house.backup"
    async with house_with_events(tmp_path / "old") as bus:
        assert (await run("backup", file, "--data-dir", tmp_path / "old"))[0] == 0
        before = await content_of(bus)
    async with woken(tmp_path / "bus") as bus:
        monkeypatch.setenv("ARGUSLM_NATS_URL", bus.server.url)
        monkeypatch.setenv("ARGUSLM_NATS_PASSWORD", bus.server.passwords[OPERATOR])
        house = tmp_path / "operator"
        create_key_file(house / "keys" / "fernet.key")
        code, _, err = await run("restore", file, "--data-dir", house)
        assert (code, "is another key than the backup's" in err) == (1, True)
        (house / "keys" / "fernet.key").unlink()
        assert (await run("restore", file, "--data-dir", house))[0] == 0
        assert await content_of(bus) == before
        assert sorted(p.name for p in (house / "keys").iterdir()) == ["admin.key", "fernet.key"]
        assert not (house / "nats").exists()
        code, _, err = await run("restore", file, "--data-dir", house)
        assert (code, "has a stream ALERTS already" in err) == (1, True)


async def test_a_backup_of_an_older_release_gives_its_accounts_a_stream_of_their_own(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It has no ACCOUNTS, and its REGISTRY holds who may come in."""
    file = tmp_path / "house.backup"
    async with older_house(tmp_path / "old") as client:
        with monkeypatch.context() as older:
            streams = tuple(name for name in backup_module.ORDER if name != ACCOUNTS.name)
            older.setattr(backup_module, "ORDER", streams)
            assert (await run("backup", file, "--data-dir", tmp_path / "old"))[0] == 0
    new = tmp_path / "new"
    code, _, err = await run("restore", file, "--data-dir", new)
    assert code == 0, err
    async with woken(new) as bus:
        client = await bus.client()
        assert (await stream_state(client, REGISTRY.name)).last_sequence == 3
        assert [drift.text for drift in await apply_topology(client)] == [
            "its account events moved to ACCOUNTS"
        ]
        assert await subjects_in(bus) == [monitored().subject, *by_subject(1, 2)]
    # Once more out and in, with a registry whose last sequence holds nothing any more.
    again = tmp_path / "again.backup"
    assert (await run("backup", again, "--data-dir", new))[0] == 0
    assert (await run("restore", again, "--data-dir", tmp_path / "newer"))[0] == 0
    async with woken(tmp_path / "newer") as bus:
        client = await bus.client()
        assert await apply_topology(client) == []
        assert (await stream_state(client, REGISTRY.name)).last_sequence == 3
        assert await subjects_in(bus) == [monitored().subject, *by_subject(1, 2)]
        stored = await Publisher(client, "query-api").append(signed_out(2))
        assert stored.duplicate


async def test_a_backup_taken_in_the_middle_of_the_move_loses_nothing(
    run: Run, tmp_path: Path
) -> None:
    file = tmp_path / "house.backup"
    async with older_house(tmp_path / "old") as client:
        jetstream = client.jetstream()
        # The subjects are given up, ACCOUNTS is made, and one of two is copied.
        for spec, change in ((REGISTRY, jetstream.update_stream), (ACCOUNTS, jetstream.add_stream)):
            await change(stream_config(spec, RetentionSettings(), 1))
        await Publisher(client, "query-api").append(signed_out(1))
        assert (await run("backup", file, "--data-dir", tmp_path / "old"))[0] == 0
    assert (await run("restore", file, "--data-dir", tmp_path / "new"))[0] == 0
    async with woken(tmp_path / "new") as bus:
        await apply_topology(await bus.client())
        assert await subjects_in(bus) == [monitored().subject, *by_subject(1, 2)]


async def test_a_key_that_is_kept_elsewhere_is_said_to_be_missing(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with house_with_events(tmp_path / "old"):
        monkeypatch.setenv("ARGUSLM_ENCRYPTION_KEY", SecretStr("x").get_secret_value())
        file = tmp_path / "f"
        code, _, err = await run("backup", file, "--data-dir", tmp_path / "old")
    assert (code, "keep ARGUSLM_ENCRYPTION_KEY yourself" in err) == (0, True)
    assert (tmp_path / "old" / "keys" / "fernet.key").read_bytes().strip() not in file.read_bytes()
    assert datetime.now(UTC).isoformat()[:4].encode() in file.read_bytes()
