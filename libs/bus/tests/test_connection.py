"""The password of the bus may stand in a file; what goes wrong is said in one line without it."""

from pathlib import Path

import pytest

from arguslm_bus.connection import BusUnreachable, connect
from arguslm_bus.settings import BusSettings
from arguslm_testkit.bus import BusForTests


def settings(bus: BusForTests, file: Path) -> BusSettings:
    return BusSettings(nats_url=bus.server.url, nats_password_file=file)


async def test_the_password_comes_from_the_file(bus: BusForTests, tmp_path: Path) -> None:
    file = tmp_path / "nats.password"
    file.write_text(bus.server.passwords["prober"] + "\n")
    client = await connect(settings(bus, file), "prober")
    assert client.is_connected
    await client.close()


async def test_a_wrong_password_is_not_repeated(bus: BusForTests, tmp_path: Path) -> None:
    file = tmp_path / "nats.password"
    file.write_text("planted-password")
    with pytest.raises(BusUnreachable, match=r"as 'prober': (?i:.*authorization)") as caught:
        await connect(settings(bus, file), "prober")
    assert "planted-password" not in str(caught.value)


async def test_a_missing_file_is_named(bus: BusForTests, tmp_path: Path) -> None:
    with pytest.raises(BusUnreachable, match=r"missing\.password"):
        await connect(settings(bus, tmp_path / "missing.password"), "prober")


def test_a_given_password_is_the_one_that_counts(tmp_path: Path) -> None:
    file = tmp_path / "nats.password"
    file.write_text("from the file")
    assert BusSettings(nats_password="given", nats_password_file=file).read_nats_password() == (
        "given"
    )
    assert BusSettings().read_nats_password() is None
