"""Ports that are free, and the address people type."""

import errno
import random
import socket
from contextlib import suppress

from arguslm_launcher.data_dir import CannotStart

# Below what systems give to outgoing connections: one of those may take a port of theirs between
# our look at it and the start, or the restart, of whoever is to listen there.
_OURS = range(20_000, 32_000)
_TRIES = 50


def free_port(host: str, port: int, *, or_another: bool = False) -> int:
    """The port, if it can be bound; a free one for 0.

    Raises:
        CannotStart: the port is in use, or the address is not of this machine.
    """
    if port == 0:
        for candidate in random.sample(_OURS, _TRIES):
            with suppress(CannotStart):
                return _bindable(host, candidate)
    try:
        return _bindable(host, port)
    except CannotStart:
        if or_another:
            return free_port(host, 0)
        raise


def _bindable(host: str, port: int) -> int:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            if error.errno in (errno.EADDRINUSE, errno.EACCES):
                hint = f"port {port}: {error.strerror}; choose another with --port (0: a free one)"
            else:
                hint = f"{error.strerror}; --host has to be an address of this machine"
            raise CannotStart(f"cannot listen on {host}, {hint}") from error
        return int(probe.getsockname()[1])


def url_on_this_machine(host: str, port: int) -> str:
    """Where a browser on this machine finds a server that listens on `host`."""
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
