"""Our quick way to read headers says what nats-py's own says."""

from datetime import UTC, datetime

import pytest
from counting import tick
from nats.aio.client import Client

from arguslm_bus.headers import QuickClient, split_headers
from arguslm_contracts.envelope import Cause, encode
from arguslm_testkit.bus import BusForTests

WRITTEN, _ = encode(
    tick(5), source="scheduler", time=datetime.now(UTC), cause=Cause("a:b 100%", "CLOCK", 4)
)
USUAL = "NATS/1.0\r\n" + "".join(f"{name}: {value}\r\n" for name, value in WRITTEN.items()) + "\r\n"
UNUSUAL = [
    "NATS/1.0 408 Request Timeout\r\nNats-Pending-Messages: 3\r\n\r\n",
    "NATS/1.0 100 Idle Heartbeat\r\n\r\n",
    "NATS/1.0\r\nname:value\r\n\r\n",
    "NATS/1.0\r\nname:   value\r\n\r\n",
    "NATS/1.0\r\nname: value \r\n\r\n",
    "NATS/1.0\r\nname : value\r\n\r\n",
    "NATS/1.0\r\nname:\tvalue\r\n\r\n",
    "NATS/1.0\r\nname: größer\r\n\r\n",
    "NATS/1.0\r\nno colon\r\n\r\n",
    "NATS/1.0\r\n\r\n",
]


@pytest.mark.parametrize("headers", [USUAL, "NATS/1.0\r\na: b: c\r\nd: e\r\n\r\n", *UNUSUAL])
async def test_it_says_the_same(headers: str) -> None:
    raw = headers.encode()
    assert await QuickClient()._process_headers(raw) == await Client()._process_headers(raw)


def test_what_everybody_writes_is_read_quickly() -> None:
    assert split_headers(USUAL.encode()) == WRITTEN
    assert [split_headers(one.encode()) for one in UNUSUAL] == [None] * len(UNUSUAL)


async def test_the_services_connect_this_way(bus: BusForTests) -> None:
    assert isinstance(await bus.client("scheduler"), QuickClient)
