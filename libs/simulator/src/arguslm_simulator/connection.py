"""One client connection: reads requests, plays their answers step by step on the pacemaker."""

import asyncio
import time
from collections.abc import Iterator
from typing import cast

from arguslm_simulator.dialects.openai import refusal
from arguslm_simulator.http1 import MalformedRequest, Request, RequestReader
from arguslm_simulator.pacemaker import Pacemaker
from arguslm_simulator.router import Reply, Router
from arguslm_simulator.script import Step, Then, refusal_step
from arguslm_simulator.stats import Recorder


class Connection(asyncio.Protocol):
    """Requests are answered one after the other; a pipelined one waits its turn."""

    def __init__(
        self,
        router: Router,
        pacemaker: Pacemaker,
        recorder: Recorder,
        open_connections: set["Connection"],
    ) -> None:
        self._router = router
        self._pacemaker = pacemaker
        self._recorder = recorder
        self._open_connections = open_connections
        self._reader = RequestReader(self._continue)
        self._transport: asyncio.Transport | None = None
        self._reply: Reply | None = None
        self._read_ns = 0
        self._keep_alive = True
        self._steps: Iterator[Step] = iter(())
        self._step: Step | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports have the methods of asyncio.Transport, but not the base class.
        self._transport = cast(asyncio.Transport, transport)
        # Without this mark uvloop sends at the end of its turn, after the stamp went stale.
        self._transport.set_write_buffer_limits(high=0)
        self._recorder.connections += 1
        self._open_connections.add(self)

    def connection_lost(self, exc: Exception | None) -> None:
        self._end_reply()
        self._transport = None
        self._open_connections.discard(self)

    def data_received(self, data: bytes) -> None:
        self._reader.feed(data)
        if self._reply is None:
            self._take_request()

    def abort(self) -> None:
        if self._transport is not None:
            self._transport.abort()

    def play(self) -> int | None:
        """Sends the step that is due; the next one is made before it is waited for, so that
        nothing but the stamp has to be written when its time comes."""
        step, transport = self._step, self._transport
        if step is None or transport is None:
            return None
        now_ns = time.monotonic_ns()
        if step.data:
            transport.write(step.stamp(step.data, b"%019d" % now_ns))
            if step.on_schedule and self._reply is not None and self._reply.is_chat:
                self._recorder.frame_sent(now_ns - self._read_ns - step.at_ns)
        if step.then is Then.GO_ON:
            self._step = next(self._steps)
            return self._read_ns + self._step.at_ns
        self._step = None
        self._follow(step.then, transport)
        return None

    def _follow(self, then: Then, transport: asyncio.Transport) -> None:
        if then is Then.HOLD:
            return
        self._end_reply()
        if then is Then.CLOSE or not self._keep_alive:
            transport.close()
        else:
            self._take_request()

    def _take_request(self) -> None:
        try:
            request = self._reader.next_request()
        except MalformedRequest as error:
            self._keep_alive = False
            step = refusal_step(refusal(error.status, str(error)), {"connection": "close"})
            self._start(Reply(iter([step])), time.monotonic_ns())
            return
        if request is not None:
            self._answer(request)

    def _answer(self, request: Request) -> None:
        read_ns = time.monotonic_ns()
        self._keep_alive = request.keep_alive
        self._start(self._router.reply(request, read_ns), read_ns)

    def _start(self, reply: Reply, read_ns: int) -> None:
        self._reply = reply
        self._read_ns = read_ns
        if reply.is_chat:
            self._recorder.reply_started()
        self._steps = reply.steps
        self._step = next(self._steps)
        self._pacemaker.add(read_ns + self._step.at_ns, self)

    def _end_reply(self) -> None:
        if self._reply is not None and self._reply.is_chat:
            self._recorder.reply_over()
        self._reply = None

    def _continue(self) -> None:
        if self._transport is not None:
            self._transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
