"""The embedded bus: fsync always, nobody anonymous, one server per store, data kept."""

import asyncio
import json
import stat
from pathlib import Path
from resource import RLIM_INFINITY, RLIMIT_FSIZE, prlimit

import nats
import pytest

from arguslm_bus.publisher import NotStored, Publisher
from arguslm_contracts.events.checks import ClockTicked
from arguslm_contracts.permissions import OPERATOR, USERS
from arguslm_launcher.nats_server import BusWillNotStart, NatsServer, keep_alive
from arguslm_testkit.bus import BusForTests, running_bus
from arguslm_testkit.house import until


async def test_starts_private_synced_and_closed_to_strangers(tmp_path: Path) -> None:
    async with running_bus(tmp_path / "nats") as bus:
        config = json.loads((tmp_path / "nats" / "nats.conf").read_text())
        assert config["jetstream"]["sync_interval"] == "always"
        assert config["listen"].startswith("127.0.0.1:")
        for name in ("nats.conf", "passwords.json"):
            assert stat.S_IMODE((tmp_path / "nats" / name).stat().st_mode) == 0o600
        assert set(bus.server.passwords) == {OPERATOR, *(user.name for user in USERS)}
        with pytest.raises(nats.errors.Error):
            await nats.connect(bus.server.url, max_reconnect_attempts=0, allow_reconnect=False)


async def test_a_second_server_on_the_store_is_refused(tmp_path: Path) -> None:
    async with running_bus(tmp_path / "nats"):
        with pytest.raises(BusWillNotStart, match="in use by another"):
            await NatsServer(tmp_path / "nats").start()


async def test_a_killed_server_keeps_address_and_data(tmp_path: Path) -> None:
    async with running_bus(tmp_path / "nats") as bus:
        jetstream = (await bus.client()).jetstream()
        ack = await jetstream.publish("clock.ticked.second", b"x")
        url = bus.server.url
        await bus.server.kill()
        await bus.server.restart()
        assert bus.server.url == url
        kept = await (await BusForTests(bus.server).client()).jetstream().get_msg("CLOCK", ack.seq)
        assert kept.data == b"x"


async def test_a_bus_that_could_not_write_is_started_anew_when_it_can(tmp_path: Path) -> None:
    """nats-server refuses a stream for good after one failed write, also when the disk has room."""
    async with running_bus(tmp_path / "nats") as bus:
        said: list[str] = []
        keeper = asyncio.create_task(keep_alive(bus.server, said.append, lambda: None))
        publisher = Publisher(await bus.client("scheduler"), "scheduler")
        # Its files may not grow any more, as on a full disk; its successor's may.
        prlimit(bus.server.pid, RLIMIT_FSIZE, (1, RLIM_INFINITY))
        with pytest.raises(NotStored):
            await publisher.append(ClockTicked(second=1, previous_second=0), attempts=1)

        async def stores_again() -> bool:
            try:
                await publisher.append(ClockTicked(second=2, previous_second=1), attempts=1)
            except NotStored:
                return False
            return True

        await until(stores_again, "the bus to write again")
        assert "cannot write" in said[0]
        keeper.cancel()
