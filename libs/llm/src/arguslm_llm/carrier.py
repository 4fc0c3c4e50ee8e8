"""Carries what LiteLLM sends over our own wire, and replays what came back."""

from collections.abc import AsyncIterator, Sequence
from contextvars import ContextVar

import httpx

from arguslm_contracts.measurement import Timeouts
from arguslm_llm.exchange import Exchange, Progress, Read
from arguslm_llm.http1 import WireRequest
from arguslm_llm.wire import Wire

# Told of the body as it was sent; we hand on what the wire has decoded.
_OF_THE_WIRE = {"content-encoding", "content-length", "transfer-encoding"}

carrier: ContextVar["Carrier | None"] = ContextVar("carrier", default=None)
"""Who carries what LiteLLM sends in this context; None: its own connections do."""


class Carrier:
    """Carries the requests of one question, and remembers the exchange that LiteLLM reads now."""

    def __init__(self, wire: Wire, timeouts: Timeouts) -> None:
        self._wire = wire
        self._timeouts = timeouts
        self.exchange: Exchange | None = None
        self.read_ns: int | None = None

    async def carry(self, request: httpx.Request) -> httpx.Response:
        """Send a request and wait for the whole answer.

        Raises:
            httpx.TransportError: there is no answer; the exchange says why.
        """
        body = await request.aread()
        sent = WireRequest(request.method, str(request.url), tuple(request.headers.items()), body)
        exchange = await self._wire.exchange(sent, self._timeouts, _progress)
        self.exchange = exchange
        if exchange.status is None:
            raise httpx.TransportError(exchange.message or "no answer", request=request)
        headers = [(n, v) for n, v in exchange.headers.items() if n.lower() not in _OF_THE_WIRE]
        return httpx.Response(
            exchange.status, headers=headers, stream=_Replay(self, exchange), request=request
        )


class _Replay(httpx.AsyncByteStream):
    """An answer that has arrived, one read after the other."""

    def __init__(self, by: Carrier, exchange: Exchange) -> None:
        self._by = by
        self._exchange = exchange

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for ns, data in self._exchange.reads:
            self._by.read_ns = ns
            yield data
        if self._exchange.failure is not None:
            raise httpx.ReadError("the answer broke off")


def _progress(reads: Sequence[Read]) -> Progress:
    """What the bytes mean is known only later: for the deadlines every read is a token."""
    return Progress(reads[-1][0] if reads else None, False)
