"""Ports that are free, and the address people type."""

import errno
import random
import socket
import sys
from contextlib import suppress

from arguslm_launcher.data_dir import CannotStart

# Below what systems give to outgoing connections: one of those may take a port of theirs between
# our look at it and the start, or the restart, of whoever is to listen there.
_OURS = range(20_000, 32_000)
_TRIES = 50


class Ports:
    """Free ports, kept for those who will listen on them until `release`.

    Linux lets somebody listen beside a socket that is only bound, where both allow it: so a port
    stays taken while its listener starts, or starts again, and no other house is given it.
    """

    def __init__(self) -> None:
        self._kept: list[socket.socket] = []

    def take(self, host: str, port: int, *, or_another: bool = False) -> int:
        """The port, if it can be bound; a free one for 0.

        Raises:
            CannotStart: the port is in use, or the address is not of this machine.
        """
        if port == 0:
            for candidate in random.sample(_OURS, _TRIES):
                with suppress(CannotStart):
                    return self._keep(_bound(host, candidate, alone=True))
        try:
            return self._keep(_bound(host, port, alone=False))
        except CannotStart:
            if or_another:
                return self.take(host, 0)
            raise

    def release(self) -> None:
        while self._kept:
            self._kept.pop().close()

    def _keep(self, bound: socket.socket) -> int:
        port = int(bound.getsockname()[1])
        if sys.platform == "linux":
            self._kept.append(bound)
        else:
            bound.close()
        return port


def _bound(host: str, port: int, *, alone: bool) -> socket.socket:
    """`alone`: not beside one that is only bound either, nor one whose connections linger."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    bound = socket.socket(family, socket.SOCK_STREAM)
    try:
        if not alone:
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind((host, port))
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    except OSError as error:
        bound.close()
        if error.errno in (errno.EADDRINUSE, errno.EACCES):
            hint = f"port {port}: {error.strerror}; choose another with --port (0: a free one)"
        else:
            hint = f"{error.strerror}; --host has to be an address of this machine"
        raise CannotStart(f"cannot listen on {host}, {hint}") from error
    return bound


def url_on_this_machine(host: str, port: int) -> str:
    """Where a browser on this machine finds a server that listens on `host`."""
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
