"""The program of the nursery: it imports once what the services need, and forks them on request.

A request is the name of a service and two open files: its environment as JSON, and its log. Only
the fork reads the environment, so no key is ever in memory that another service is forked from.
The answer is `started <pid>`; at its end `ended <pid> <exit code>` follows. A fork returns to the
top of this program and goes on as a service that was started by itself would, up to its end.

Standard input is the socket. Linux only.
"""

import asyncio
import gc
import importlib
import json
import os
import selectors
import socket
import sys
import time
from collections.abc import Callable
from functools import cache
from pathlib import Path

from arguslm_contracts.permissions import SERVICES
from arguslm_launcher.supervisor import die_with_parent
from arguslm_llm.measure import preload

_ASK_ENDPOINTS = ("prober", "benchmark-runner")
_LONGEST_NAME = 64


def main() -> None:
    gc.disable()
    mains = {service.name: _main_of(service.name) for service in SERVICES}
    name = fork_on_request(_prepare)
    if name is not None:
        gc.enable()
        mains[name]()


def _main_of(service: str) -> Callable[[], None]:
    app = importlib.import_module(f"arguslm_{service.replace('-', '_')}.app")
    entry: Callable[[], None] = app.main
    return entry


def _prepare(service: str) -> None:
    """The others need not wait for LiteLLM."""
    if service in _ASK_ENDPOINTS:
        _preload_once()


@cache
def _preload_once() -> None:
    asyncio.run(preload())


def fork_on_request(prepare: Callable[[str], None]) -> str | None:
    """Fork until the launcher has gone; `prepare` is called before each fork.

    Returns in each fork, with the name that it was asked for; in the nursery at its end, with None.
    """
    launcher = socket.socket(fileno=os.dup(0))
    events = selectors.DefaultSelector()
    events.register(launcher, selectors.EVENT_READ)
    while True:
        for key, _ in events.select():
            if key.fileobj is not launcher:
                events.unregister(key.fileobj)
                launcher.send(_reap(key.fd, pid=key.data))
                continue
            asked, files, _, _ = socket.recv_fds(launcher, _LONGEST_NAME, 2)
            if not asked:
                return None
            name = asked.decode()
            prepare(name)
            gc.freeze()  # a collector that looked at what stays would copy it in each fork
            pid = os.fork()
            if pid == 0:
                _close_all(events)
                _become(name, *files)
                return name
            for file in files:
                os.close(file)
            events.register(os.pidfd_open(pid), selectors.EVENT_READ, pid)
            launcher.send(f"started {pid}".encode())


def _reap(descriptor: int, *, pid: int) -> bytes:
    os.close(descriptor)
    _, status = os.waitpid(pid, 0)
    return f"ended {pid} {os.waitstatus_to_exitcode(status)}".encode()


def _close_all(events: selectors.BaseSelector) -> None:
    """The nursery's socket, and its view of the other services."""
    for key in list(events.get_map().values()):
        os.close(key.fd)
    events.close()


def _become(name: str, environment: int, log: int) -> None:
    """Take what the start of a program would have given: a session, files, an environment."""
    die_with_parent()
    os.setsid()
    nothing = os.open(os.devnull, os.O_RDONLY)
    for file, place in ((nothing, 0), (log, 1), (log, 2)):
        os.dup2(file, place)
    os.close(nothing)
    os.close(log)
    with os.fdopen(environment, "rb") as given:
        os.environ.clear()
        os.environ.update(json.load(given))
    time.tzset()
    sys.argv = [f"arguslm-{name}"]
    Path("/proc/self/comm").write_text(sys.argv[0])


if __name__ == "__main__":
    main()
