"""The service as a process: killed in the middle, it raises, resolves and tells once."""

import asyncio
import json
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest
from alerting_bench import Stage
from alerting_stories import DOWN, OK, at, checks, rule, ruled, watched
from webhook_receiver import receiving

from arguslm_contracts.events import registry
from arguslm_contracts.identity import derive
from arguslm_storage.settings import StorageSettings
from arguslm_storage.vault import Vault
from arguslm_testkit.bus import BusForTests

KEY = "4dGyWd7RjoZBZGdN5Jfbu_cHSEX1l2eCvfTzCJxZQ9k="
PROGRAM = Path(sys.executable).parent / "arguslm-alerting"


class Process:
    """A running service; `lines` are what it logged so far."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process
        self.lines: list[dict[str, object]] = []
        self._reading = asyncio.create_task(self._read())
        self._changed = asyncio.Condition()

    async def _read(self) -> None:
        assert self.process.stderr is not None
        async for line in self.process.stderr:
            async with self._changed:
                self.lines.append(json.loads(line))
                self._changed.notify_all()

    async def ops_port(self) -> int:
        async with asyncio.timeout(30), self._changed:
            await self._changed.wait_for(lambda: self._started() is not None)
        started = self._started()
        assert started is not None
        return int(str(started["ops_port"]))

    def _started(self) -> dict[str, object] | None:
        found = (line for line in self.lines if line.get("event") == "service_started")
        return next(found, None)

    async def health(self) -> dict[str, object]:
        """Wait until all its components are well."""
        url = f"http://127.0.0.1:{await self.ops_port()}/health"
        async with asyncio.timeout(30), httpx.AsyncClient(trust_env=False) as http:
            while True:
                answer = await http.get(url)
                if answer.status_code == 200:
                    found: dict[str, object] = answer.json()
                    return found
                await asyncio.sleep(0.1)

    async def end(self, signum: signal.Signals) -> int:
        self.process.send_signal(signum)
        async with asyncio.timeout(30):
            code = await self.process.wait()
        await self._reading
        return code


@asynccontextmanager
async def alerting(bus: BusForTests, storage: StorageSettings) -> AsyncIterator[Process]:
    given = bus.settings("alerting")
    assert given.nats_password is not None
    environment = {
        **os.environ,
        "ARGUSLM_NATS_URL": given.nats_url,
        "ARGUSLM_NATS_PASSWORD": given.nats_password.get_secret_value(),
        "ARGUSLM_DATA_DIR": str(storage.data_dir),
        "ARGUSLM_ENCRYPTION_KEY": KEY,
    }
    if storage.database_url is not None:
        environment["ARGUSLM_DATABASE_URL"] = storage.database_url.get_secret_value()
    process = Process(
        await asyncio.create_subprocess_exec(
            str(PROGRAM), env=environment, stderr=asyncio.subprocess.PIPE
        )
    )
    try:
        yield process
    finally:
        if process.process.returncode is None:
            await process.end(signal.SIGKILL)


async def test_killed_in_the_middle_it_raises_resolves_and_tells_once(
    bus: BusForTests, storage: StorageSettings
) -> None:
    stage = Stage(bus)
    async with receiving() as receiver:
        hook = registry.Channel(
            channel_id=derive("channel", "hook"),
            name="hook",
            kind="webhook",
            url=Vault([KEY]).seal({"url": f"{receiver.url}?key=hunter2planted"}),
            created_at=at(0),
        )
        await stage.say(
            *watched("gpt", "llama"),
            registry.ChannelCreated(revision=1, at=at(0), channel=hook),
            *ruled(rule(channel_ids=(hook.channel_id,))),
        )
        async with alerting(bus, storage) as first:
            await first.health()
            await stage.say(*checks("gpt", [DOWN, DOWN]))
            await receiver.until(lambda: len(receiver.accepted) == 1)
            assert await first.end(signal.SIGKILL) == -signal.SIGKILL
        await stage.say(*checks("llama", [DOWN, DOWN]), *checks("gpt", [OK, DOWN, OK], first=3))
        async with alerting(bus, storage) as second:
            await second.ops_port()
            await second.end(signal.SIGKILL)
        await stage.say(*checks("gpt", [OK], first=6), *checks("llama", [OK, OK], first=3))
        async with alerting(bus, storage) as third:
            told = await stage.told("notification.delivered.>", 4)
            health = await third.health()
            assert await third.end(signal.SIGTERM) == 0
    assert health["status"] == "healthy"
    assert sorted(await stage.said()) == [
        "raised gpt",
        "raised llama",
        "resolved gpt recovered",
        "resolved llama recovered",
    ]
    assert len(told) == 4
    for name in ("gpt", "llama"):
        kinds = [
            one.body["type"] for one in receiver.accepted if one.body["alert"]["model_name"] == name
        ]
        assert list(dict.fromkeys(kinds)) == ["alert.raised", "alert.resolved"]
    logged = json.dumps([*first.lines, *second.lines, *third.lines])
    assert "hunter2planted" not in logged
    assert f":{receiver.port}" not in logged


@pytest.mark.parametrize(
    ("variable", "value", "line"),
    [
        (
            "ARGUSLM_ENCRYPTION_KEY",
            "no key",
            "the encryption key is not a Fernet key (32 bytes, url-safe base64)",
        ),
        (
            "ARGUSLM_OPS_PORT",
            "{taken}",
            "cannot listen on 127.0.0.1:{taken} for /health and /metrics: Address already in use; "
            "ARGUSLM_OPS_HOST and ARGUSLM_OPS_PORT say where (port 0: a free one)",
        ),
    ],
)
async def test_what_it_cannot_start_with_ends_it_with_one_clear_line(
    bus: BusForTests, tmp_path: Path, variable: str, value: str, line: str
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        taken = other.getsockname()[1]
        environment = {
            **os.environ,
            "ARGUSLM_NATS_URL": bus.server.url,
            "ARGUSLM_NATS_PASSWORD": bus.server.passwords["alerting"],
            "ARGUSLM_DATA_DIR": str(tmp_path),
            variable: value.format(taken=taken),
        }
        process = await asyncio.create_subprocess_exec(
            str(PROGRAM), env=environment, stderr=asyncio.subprocess.PIPE
        )
        _, written = await process.communicate()
    assert process.returncode == 1
    assert written.decode().splitlines() == ["alerting: " + line.format(taken=taken)]
