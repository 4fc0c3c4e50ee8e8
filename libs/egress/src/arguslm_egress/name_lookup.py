"""Names to addresses. The system's resolver blocks, for half a minute where a name's server is
silent: each name has a thread of its own meanwhile, and all who ask for it share the answer, so
that many models at one dead name delay nobody else."""

import asyncio
import socket
import threading
from concurrent.futures import Future

Address = tuple[socket.AddressFamily, str, int]
"""The family, the address, the port."""


class NameLookup:
    """For any loops and threads of a process."""

    def __init__(self) -> None:
        self._under_way: dict[tuple[str, int], Future[list[Address]]] = {}
        self._lock = threading.Lock()

    async def addresses_of(self, host: str, port: int) -> list[Address]:
        """In the resolver's order. Who is cancelled leaves the others their answer.

        Raises:
            socket.gaierror: the name does not resolve.
        """
        return await asyncio.shield(asyncio.wrap_future(self._asked((host, port))))

    def _asked(self, name: tuple[str, int]) -> Future[list[Address]]:
        with self._lock:
            answer = self._under_way.get(name)
            if answer is None:
                answer = self._under_way[name] = Future()
                # A daemon: the process ends without waiting for it.
                threading.Thread(
                    target=self._ask, args=(name, answer), name="name-lookup", daemon=True
                ).start()
            return answer

    def _ask(self, name: tuple[str, int], answer: Future[list[Address]]) -> None:
        try:
            found = look_up(*name)
        except Exception as error:
            self._forget(name)
            answer.set_exception(error)
        else:
            self._forget(name)
            answer.set_result(found)

    def _forget(self, name: tuple[str, int]) -> None:
        with self._lock:
            del self._under_way[name]


def look_up(host: str, port: int) -> list[Address]:
    """The same, for a thread that may be blocked."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except UnicodeError as error:
        raise socket.gaierror(socket.EAI_NONAME, f"{host!r} is no host name") from error
    return [(family, str(sockaddr[0]), port) for family, _, _, _, sockaddr in found]
