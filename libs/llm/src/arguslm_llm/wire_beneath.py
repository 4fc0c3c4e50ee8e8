"""Our wire beneath LiteLLM, for providers whose requests or answers only LiteLLM understands.

LiteLLM logs in, signs and parses; what it sends goes over our own transport, which stamps what
arrives. The answer is handed to LiteLLM when it is whole, read by read, and every token has the
stamp of the read that completed it: however slow the parser is, no clock notices.
"""

import asyncio
import time
from typing import Any

from arguslm_contracts.measurement import Timeouts
from arguslm_contracts.outcomes import Outcome
from arguslm_llm.carrier import Carrier, carrier
from arguslm_llm.client_library import failure_of, provider_error, take
from arguslm_llm.decoders.errors import error_body
from arguslm_llm.decoders.transcript import Transcript
from arguslm_llm.exchange import Exchange
from arguslm_llm.request import first_line
from arguslm_llm.wire import Wire

# Beyond the request's own deadlines: building it, and logging in before it.
_MARGIN_S = 30.0


async def ask(
    litellm: Any,
    arguments: dict[str, Any],
    timeouts: Timeouts,
    scheduled_ns: int | None,
    wire: Wire,
) -> tuple[Exchange, Transcript]:
    """Run one request; call it on LiteLLM's own loop. Failures are in the result."""
    began_ns = time.monotonic_ns()
    carried = Carrier(wire, timeouts)
    transcript = Transcript()
    error: Exception | None = None
    token = carrier.set(carried)
    try:
        async with asyncio.timeout(timeouts.total_s + _MARGIN_S):
            async for chunk in await litellm.acompletion(**arguments):
                take(carried.read_ns or time.monotonic_ns(), chunk, transcript)
        transcript.finished = True
    except Exception as raised:  # LiteLLM raises whatever it likes; it becomes evidence
        error = raised
    finally:
        carrier.reset(token)
    exchange = carried.exchange or _unsent(began_ns, error)
    exchange.scheduled_ns = scheduled_ns
    if exchange.status is not None and exchange.status >= 300:
        body = b"".join(data for _, data in exchange.reads)
        return exchange, Transcript(error=error_body(body, exchange.headers))
    if error is not None and exchange.failure is None:
        transcript.fail(provider_error(error))
    transcript.streamed = "json" not in exchange.headers.get("content-type", "")
    return exchange, transcript


def _unsent(began_ns: int, error: Exception | None) -> Exchange:
    """LiteLLM gave up before it sent anything."""
    return Exchange(
        began_ns=began_ns,
        ended_ns=time.monotonic_ns(),
        failure=(failure_of(error) if error else None) or Outcome.BAD_REQUEST,
        message=first_line(error) if error else "LiteLLM sent nothing",
    )
