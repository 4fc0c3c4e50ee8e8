"""The embedded bus: fsync always, nobody anonymous, one server per store, data kept."""

import json
import stat
from pathlib import Path

import nats
import pytest

from arguslm_contracts.permissions import OPERATOR, USERS
from arguslm_launcher.nats_server import BusWillNotStart, NatsServer
from arguslm_testkit.bus import BusForTests, running_bus


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
