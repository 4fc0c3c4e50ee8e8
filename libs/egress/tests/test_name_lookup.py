"""Names whose servers are silent: nobody else waits for them, and each is asked for once."""

import asyncio
import socket
import threading
from collections.abc import Iterator

import pytest

from arguslm_egress.name_lookup import NameLookup

pytestmark = pytest.mark.asyncio

FOUND = [(socket.AF_INET, "192.0.2.7", 443)]


class Resolver:
    """Says nothing of names that begin with `silent` until it is `asked_enough`."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.asked_enough = threading.Event()

    def getaddrinfo(self, host: str, port: int, **_: object) -> list[tuple[object, ...]]:
        self.asked.append(host)
        if host.startswith("silent"):
            assert self.asked_enough.wait(30)
            raise socket.gaierror(socket.EAI_AGAIN, "no answer")
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("192.0.2.7", port))]


@pytest.fixture
def resolver(monkeypatch: pytest.MonkeyPatch) -> Iterator[Resolver]:
    silent = Resolver()
    monkeypatch.setattr(socket, "getaddrinfo", silent.getaddrinfo)
    yield silent
    silent.asked_enough.set()


async def test_silent_names_delay_no_other(resolver: Resolver) -> None:
    names = NameLookup()
    waiting = [asyncio.create_task(names.addresses_of(f"silent-{n}", 443)) for n in range(60)]
    assert await names.addresses_of("well", 443) == FOUND
    assert not any(task.done() for task in waiting)
    resolver.asked_enough.set()
    found = await asyncio.gather(*waiting, return_exceptions=True)
    assert {type(one) for one in found} == {socket.gaierror}


async def test_a_name_is_asked_for_once_for_all_who_wait_and_anew_afterwards(
    resolver: Resolver,
) -> None:
    names = NameLookup()
    first, *others = [asyncio.create_task(names.addresses_of("silent", 443)) for _ in range(5)]
    await asyncio.sleep(0)  # each has its turn, and asks
    first.cancel()
    resolver.asked_enough.set()
    found = await asyncio.gather(*others, return_exceptions=True)
    assert [str(one) for one in found] == ["[Errno -3] no answer"] * 4
    assert first.cancelled()
    assert resolver.asked == ["silent"]
    with pytest.raises(socket.gaierror):
        await names.addresses_of("silent", 443)
    assert resolver.asked == ["silent"] * 2


async def test_loops_of_several_threads_share_one_answer(resolver: Resolver) -> None:
    names = NameLookup()

    def in_a_loop_of_its_own() -> object:
        return asyncio.run(names.addresses_of("well", 443))

    elsewhere = asyncio.to_thread(in_a_loop_of_its_own)
    assert await asyncio.gather(names.addresses_of("well", 443), elsewhere) == [FOUND, FOUND]
