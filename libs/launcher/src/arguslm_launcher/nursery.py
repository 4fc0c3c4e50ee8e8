"""The nursery as the launcher sees it: a child of its own that forks the services.

Five interpreters that import the same things take five times the memory and the time. Where there
is no nursery, each service is started as a program of its own and is the same service.
"""

import asyncio
import json
import os
import signal
import socket
import sys
from collections import deque
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import IO

from arguslm_launcher.supervisor import STOP_TIMEOUT_S, Child, Running, spawn

NURSERY = "nursery"
_PROGRAM = [sys.executable, "-P", "-m", "arguslm_launcher.forking"]
# What the interpreter, the C library and OpenSSL read when they start. No key is among these.
_READ_AT_START = ("HOME", "LANG", "LC_", "LD_", "MALLOC_", "PATH", "PYTHON", "SSL_", "TMPDIR", "TZ")
_LONGEST_ANSWER = 64


class NurseryEnded(OSError):
    """It ended while it was asked; says its last words. The supervisor starts it again."""


class Forked:
    """A service that the nursery forked, used as if it were a process of our own."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self._code: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    @property
    def returncode(self) -> int | None:
        return self._code.result() if self._code.done() else None

    async def wait(self) -> int:
        return await asyncio.shield(self._code)

    def send_signal(self, signal: int, /) -> None:
        if not self._code.done():
            os.kill(self.pid, signal)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def has_ended(self, code: int) -> None:
        self._code.set_result(code)

    async def end_as_orphan(self) -> None:
        """Wait for the end that comes with the nursery's; see that it does come."""
        try:
            descriptor = os.pidfd_open(self.pid)
        except ProcessLookupError:
            return self.has_ended(-signal.SIGTERM)
        loop, gone = asyncio.get_running_loop(), asyncio.Event()
        loop.add_reader(descriptor, gone.set)
        code = -signal.SIGTERM
        try:
            async with asyncio.timeout(STOP_TIMEOUT_S):
                await gone.wait()
        except TimeoutError:
            code = -signal.SIGKILL
            signal.pidfd_send_signal(descriptor, signal.SIGKILL)
            await gone.wait()
        finally:
            loop.remove_reader(descriptor)
            os.close(descriptor)
        return self.has_ended(code)


class Nursery:
    """Two ways to start a child: `start` the nursery itself, `fork` a service from it."""

    def __init__(self, log_file: Path) -> None:
        given = {name: text for name, text in os.environ.items() if name.startswith(_READ_AT_START)}
        self.child = Child(NURSERY, _PROGRAM, given, log_file, start=self.start)
        self._up = asyncio.Event()
        self._asked: deque[asyncio.Future[Forked]] = deque()
        self._listening: asyncio.Task[None] | None = None

    @staticmethod
    def is_possible() -> bool:
        """Linux from 5.3 on; elsewhere a fork or the watch over it is not to be relied upon."""
        try:
            os.close(os.pidfd_open(os.getpid()))
        except (AttributeError, OSError):
            return False
        return True

    async def start(self, child: Child, log: IO[bytes]) -> Running:
        """Start the nursery. It imports for seconds, and may be asked meanwhile."""
        self._socket, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._socket.setblocking(False)
        with theirs:
            process = await spawn(child, log, stdin=theirs.fileno())
        self._listening = asyncio.create_task(self._listen(self._socket), name="listen to nursery")
        self._up.set()
        return process

    async def fork(self, child: Child, log: IO[bytes]) -> Running:
        """Fork the service that the child is named after.

        Raises:
            NurseryEnded: it ended instead.
        """
        await self._up.wait()
        answer: asyncio.Future[Forked] = asyncio.get_running_loop().create_future()
        environment = _in_memory(child.environment)
        try:
            socket.send_fds(self._socket, [child.name.encode()], [environment, log.fileno()])
        except OSError as error:
            raise self._has_ended() from error
        finally:
            os.close(environment)
        self._asked.append(answer)
        return await answer

    async def is_empty(self) -> None:
        """Wait until the stopped nursery and all that it forked are gone."""
        if self._listening is not None:
            await self._listening

    async def _listen(self, answers: socket.socket) -> None:
        """Until the nursery ends, and with it all that it forked."""
        forked: dict[int, Forked] = {}
        loop = asyncio.get_running_loop()
        # Reset: it ended with a request unread.
        with answers, suppress(ConnectionResetError):
            while answer := await loop.sock_recv(answers, _LONGEST_ANSWER):
                match answer.decode().split():
                    case "started", pid:
                        forked[int(pid)] = self._handed_over(Forked(int(pid)))
                    case "ended", pid, code:
                        forked.pop(int(pid)).has_ended(int(code))
        self._up.clear()
        while self._asked:
            if not (asked := self._asked.popleft()).done():
                asked.set_exception(self._has_ended())
        await asyncio.gather(*(one.end_as_orphan() for one in forked.values()))

    def _handed_over(self, forked: Forked) -> Forked:
        """Answers come in the order of what was asked."""
        asked = self._asked.popleft()
        if asked.cancelled():
            forked.send_signal(signal.SIGTERM)
        else:
            asked.set_result(forked)
        return forked

    def _has_ended(self) -> NurseryEnded:
        words = self.child.last_words()
        return NurseryEnded(f"the nursery ended: {words} (log: {self.child.log_file})")


def _in_memory(environment: Mapping[str, str]) -> int:
    """A file that only who is given its descriptor can read."""
    descriptor = os.memfd_create("environment")
    with os.fdopen(os.dup(descriptor), "wb") as file:
        file.write(json.dumps(environment).encode())
    os.lseek(descriptor, 0, os.SEEK_SET)
    return descriptor
