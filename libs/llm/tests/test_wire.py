"""The wire by itself: on both event loops, over TLS, with many at once."""

import asyncio
import contextlib
import gzip
import os
import socket
import ssl
import sys
import threading
import time
from itertools import pairwise

import pytest
import uvloop

from arguslm_contracts.measurement import Stamp, Timeouts
from arguslm_contracts.outcomes import Outcome
from arguslm_llm import connection
from arguslm_llm.decoders import Dialect, progress_of
from arguslm_llm.http1 import MAX_BODY_BYTES, WireRequest
from arguslm_llm.network import Network
from arguslm_llm.wire import Wire
from arguslm_testkit.certificates import self_signed

FRAME = b'data: {"choices":[{"delta":{"content":"x"}}]}\n\n'
PROGRESS = progress_of(Dialect.OPENAI)
BEST_STAMP = Stamp.KERNEL if sys.platform == "linux" else Stamp.LOOP
LOOPS = {"asyncio": asyncio.new_event_loop, "uvloop": uvloop.new_event_loop}


@pytest.fixture(params=LOOPS)
def run(request):
    def runner(main):
        with asyncio.Runner(loop_factory=LOOPS[request.param]) as loop:
            return loop.run(asyncio.wait_for(main, 20))

    return runner


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    return self_signed(tmp_path_factory.mktemp("tls"))


def serving_context(certificate):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context


async def stream(reader, writer):
    """Three frames, 20 ms apart, on every request."""
    try:
        while await reader.readuntil(b"\r\n\r\n"):
            await reader.readexactly(2)
            writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
            for _ in range(3):
                writer.write(b"%x\r\n%b\r\n" % (len(FRAME), FRAME))
                await asyncio.sleep(0.02)
            writer.write(b"0\r\n\r\n")
    except (asyncio.IncompleteReadError, ConnectionError):
        writer.close()


def request_to(server, scheme="http"):
    port = server.sockets[0].getsockname()[1]
    return WireRequest("POST", f"{scheme}://127.0.0.1:{port}/v1/chat/completions", (), b"{}")


def test_a_stream_is_stamped_read_by_read(run):
    async def main():
        wire = Wire(Network())
        await asyncio.sleep(0.05)  # the kernel begins to stamp
        async with await asyncio.start_server(stream, "127.0.0.1", 0) as server:
            exchange = await wire.exchange(request_to(server), Timeouts(), PROGRESS)
            again = await wire.exchange(request_to(server), Timeouts(), PROGRESS)
            await wire.close()
        return exchange, again

    exchange, again = run(main())
    assert exchange.failure is None
    assert b"".join(data for _, data in exchange.reads) == FRAME * 3
    stamps = [ns for ns, _ in exchange.reads]
    assert len(stamps) == 3
    assert all(later - sooner > 15e6 for sooner, later in pairwise(stamps))
    assert exchange.sent_ns <= exchange.all_sent_ns <= exchange.headers_ns <= stamps[0]
    assert exchange.stamp is BEST_STAMP
    assert stamps[-1] <= exchange.ended_ns
    assert (exchange.reused, again.reused) == (False, True)
    assert exchange.connect_ns > 0
    assert exchange.tls_ns is None


def test_tls_is_a_phase_of_its_own_and_certificates_are_checked(run, certificate):
    serving = serving_context(certificate)

    async def main():
        trusting = Wire(Network(tls=ssl.create_default_context(cafile=certificate)))
        wary = Wire(Network())
        async with await asyncio.start_server(stream, "127.0.0.1", 0, ssl=serving) as server:
            request = request_to(server, "https")
            good = await trusting.exchange(request, Timeouts(), PROGRESS)
            reused = await trusting.exchange(request, Timeouts(), PROGRESS)
            bad = await wary.exchange(request, Timeouts(), PROGRESS)
            await trusting.close()
        return good, reused, bad

    good, reused, bad = run(main())
    assert (good.failure, good.status) == (None, 200)
    assert good.tls_ns > 0
    assert good.stamp is BEST_STAMP
    assert len(good.reads) == 3
    assert reused.reused
    assert bad.failure is Outcome.TLS
    assert "certificate" in bad.message
    assert bad.sent_ns is None  # nothing was said to a server that could not prove its name


def test_many_at_once_each_have_their_own_connection(run):
    async def main():
        wire = Wire(Network())
        async with await asyncio.start_server(stream, "127.0.0.1", 0) as server:
            request = request_to(server)
            results = await asyncio.gather(
                *(wire.exchange(request, Timeouts(), PROGRESS) for _ in range(50))
            )
            await wire.close()
        return results

    results = run(main())
    assert all(result.failure is None for result in results)
    assert all(len(result.reads) == 3 for result in results)


@pytest.mark.parametrize(
    "answer",
    [
        b"220 smtp.example ESMTP\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 20_000,
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n" + gzip.compress(bytes(20_000_000)),
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n" + b"x" * (MAX_BODY_BYTES + 1),
    ],
)
def test_what_is_no_http_or_too_much_of_it(run, answer):
    async def speak(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)
        await reader.read()
        writer.close()

    async def main():
        wire = Wire(Network())
        async with await asyncio.start_server(speak, "127.0.0.1", 0) as server:
            result = await wire.exchange(request_to(server), Timeouts(), PROGRESS)
            await wire.close()
        return result

    assert run(main()).failure is Outcome.INVALID_STREAM


def test_an_answer_in_endless_pieces_is_given_up(run, monkeypatch):
    monkeypatch.setattr(connection, "_MAX_READS", 2)

    async def main():
        wire = Wire(Network())
        async with await asyncio.start_server(stream, "127.0.0.1", 0) as server:
            result = await wire.exchange(request_to(server), Timeouts(), PROGRESS)
            await wire.close()
        return result

    result = run(main())
    assert result.failure is Outcome.INVALID_STREAM
    assert "pieces" in result.message


def test_nothing_is_left_open_after_a_cancelled_exchange(run):
    closed = asyncio.Event()

    async def hold(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        await reader.read()  # ends when the client closes
        closed.set()
        writer.close()

    async def main():
        wire = Wire(Network())
        async with await asyncio.start_server(hold, "127.0.0.1", 0) as server:
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(wire.exchange(request_to(server), Timeouts(), PROGRESS), 0.1)
            await asyncio.wait_for(closed.wait(), 2)

    run(main())


def test_an_address_that_swallows_packets_is_a_connect_timeout(run):
    """A listener whose queue is full accepts nobody."""

    async def main():
        full = socket.socket()
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        port = full.getsockname()[1]
        fillers = [socket.socket() for _ in range(4)]
        for filler in fillers:
            filler.setblocking(False)
            filler.connect_ex(("127.0.0.1", port))
        wire = Wire(Network())
        request = WireRequest("POST", f"http://127.0.0.1:{port}/", (), b"{}")
        result = await wire.exchange(request, Timeouts(connect_s=0.2), PROGRESS)
        for each in (*fillers, full):
            each.close()
        return result

    result = run(main())
    assert result.failure is Outcome.TIMEOUT_CONNECT
    assert result.dns_ns is not None


def test_a_silent_name_server_is_a_connect_timeout_that_says_so(run, monkeypatch):
    asked_enough = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: asked_enough.wait(20))

    async def main():
        wire = Wire(Network())
        request = WireRequest("POST", "http://silent.test/", (), b"{}")
        return await wire.exchange(request, Timeouts(connect_s=0.2), PROGRESS)

    result = run(main())
    asked_enough.set()
    assert result.failure is Outcome.TIMEOUT_CONNECT
    assert result.message == "no connection in time: no name server said where silent.test is"


class FrameThread(threading.Thread):
    """Sends frames to one client, whatever the client's loop does; `sent_ns` is when."""

    def __init__(self, frames):
        super().__init__(daemon=True)
        self.frames = frames
        self.sent_ns = []
        self.asked = threading.Event()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.start()

    def run(self):
        sock, _ = self.listener.accept()
        with self.listener, sock:
            sock.recv(65536)
            self.asked.set()
            time.sleep(0.05)
            sock.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
            for _ in range(self.frames):
                self.sent_ns.append(time.monotonic_ns())
                sock.sendall(b"%x\r\n%b\r\n" % (len(FRAME), FRAME))
                time.sleep(0.02)
            sock.sendall(b"0\r\n\r\n")
            sock.recv(1)


def test_what_arrives_while_the_loop_is_blocked_keeps_its_time(run):
    server = FrameThread(frames=4)

    async def main():
        wire = Wire(Network())
        request = WireRequest("POST", f"http://127.0.0.1:{server.port}/", (), b"{}")
        task = asyncio.create_task(wire.exchange(request, Timeouts(), PROGRESS))
        await asyncio.to_thread(server.asked.wait)
        time.sleep(0.3)  # noqa: ASYNC251 - the blocking is the point
        unblocked_ns = time.monotonic_ns()
        exchange = await task
        await wire.close()
        return exchange, unblocked_ns

    exchange, unblocked_ns = run(main())
    assert b"".join(data for _, data in exchange.reads) == FRAME * 4
    stamps = [ns for ns, _ in exchange.reads]
    # All came in the meantime, and each was stamped then: none before it was sent.
    assert server.sent_ns[-1] < unblocked_ns
    assert stamps[0] >= server.sent_ns[0]
    assert stamps[-1] < unblocked_ns
    assert exchange.ended_ns < unblocked_ns


def test_a_long_request_is_sent_in_parts_and_an_early_answer_is_heard(run):
    body = bytes(range(256)) * 2**15  # 8 MB: more than a socket takes at once

    async def serve(reader, writer):
        head = await reader.readuntil(b"\r\n\r\n")
        early = b"/early" in head
        if not early:
            await asyncio.sleep(0.05)
            assert await reader.readexactly(len(body)) == body
        writer.write(
            b"HTTP/1.1 %d X\r\nConnection: close\r\nContent-Length: 2\r\n\r\nhi"
            % (413 if early else 200)
        )
        await reader.read()
        writer.close()

    async def main():
        wire = Wire(Network())
        async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
            url = request_to(server).url
            whole = await wire.exchange(WireRequest("POST", url, (), body), Timeouts(), PROGRESS)
            again = await wire.exchange(
                WireRequest("POST", f"{url}/early", (), body), Timeouts(), PROGRESS
            )
            await wire.close()
        return whole, again

    whole, early = run(main())
    assert (whole.failure, whole.status) == (None, 200)
    assert whole.all_sent_ns - whole.sent_ns > 40e6
    assert (early.failure, early.status) == (None, 413)


def test_cancelled_at_any_moment_nothing_stays_open(run, certificate):
    serving = serving_context(certificate)
    trusting = ssl.create_default_context(cafile=certificate)

    async def main():
        async with (
            await asyncio.start_server(stream, "127.0.0.1", 0) as plain,
            await asyncio.start_server(stream, "127.0.0.1", 0, ssl=serving) as secure,
        ):
            before, threads = len(os.listdir("/proc/self/fd")), threading.active_count()
            tasks = asyncio.all_tasks()
            for server, scheme in ((plain, "http"), (secure, "https")):
                wire = Wire(Network(tls=trusting))
                for step in range(40):  # 2 ms apart, over connect, handshake, head and stream
                    asking = wire.exchange(request_to(server, scheme), Timeouts(), PROGRESS)
                    with contextlib.suppress(TimeoutError):
                        await asyncio.wait_for(asking, step * 0.002)
                await wire.close()
            while len(os.listdir("/proc/self/fd")) > before or asyncio.all_tasks() != tasks:  # noqa: ASYNC110
                await asyncio.sleep(0.01)  # the servers' side closes a moment later
            assert threading.active_count() == threads

    run(main())
