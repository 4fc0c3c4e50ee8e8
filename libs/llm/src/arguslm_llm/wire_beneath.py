"""Our wire beneath LiteLLM, for providers whose requests or answers only LiteLLM understands.

LiteLLM logs in, signs and parses; what it sends goes over our own transport, which stamps what
arrives. The answer is handed to LiteLLM when it is whole, read by read, and every token has the
stamp of the read that completed it: however slow the parser is, no clock notices.
"""

import asyncio
import time
from dataclasses import replace
from typing import Any

from arguslm_contracts.measurement import Timeouts
from arguslm_contracts.outcomes import Outcome
from arguslm_llm.carrier import Carrier, carrier
from arguslm_llm.client_library import take
from arguslm_llm.decoders.errors import error_body
from arguslm_llm.decoders.transcript import ProviderError, Transcript
from arguslm_llm.exchange import NS_PER_S, Exchange
from arguslm_llm.last_refusal import LastRefusal, listening
from arguslm_llm.litellm_errors import failure_of, first_line, not_let_in, provider_error
from arguslm_llm.wire import Wire

# Beyond the request's own deadlines: building it, and logging in before it.
_MARGIN_S = 15.0


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
    login = LastRefusal()
    tokens = carrier.set(carried), listening.set(login)
    try:
        async with asyncio.timeout(timeouts.total_s + _MARGIN_S):
            async for chunk in await litellm.acompletion(**arguments):
                take(carried.read_ns or time.monotonic_ns(), chunk, transcript)
        transcript.finished = True
    except Exception as raised:  # LiteLLM raises whatever it likes; it becomes evidence
        error = raised
    finally:
        carrier.reset(tokens[0])
        listening.reset(tokens[1])
    exchange = carried.exchange or _unsent(began_ns, error, login)
    exchange.scheduled_ns = scheduled_ns
    if carried.exchange is None and login.status is not None:
        return exchange, Transcript(error=_at_login(login.error))
    if exchange.status is not None and exchange.status >= 300:
        body = b"".join(data for _, data in exchange.reads)
        return exchange, Transcript(error=error_body(body, exchange.headers))
    if error is not None and exchange.failure is None:
        transcript.fail(provider_error(error))
    transcript.streamed = "json" not in exchange.headers.get("content-type", "")
    return exchange, transcript


def _at_login(error: ProviderError) -> ProviderError:
    return replace(error, message=f"logging in: {error.message or 'refused'}")


def _unsent(began_ns: int, error: Exception | None, login: LastRefusal) -> Exchange:
    """LiteLLM gave up before it asked anything: it was not let in, or did not know how to ask."""
    ended_ns = time.monotonic_ns()
    exchange = Exchange(began_ns=began_ns, ended_ns=ended_ns)
    if login.status is not None:
        exchange.status, exchange.headers = login.status, login.headers
    elif isinstance(error, TimeoutError):
        took_s = (ended_ns - began_ns) / NS_PER_S
        exchange.failure = Outcome.TIMEOUT_TOTAL
        exchange.message = f"logging in took more than {took_s:.0f} s"
    elif error is not None and (shut_out := not_let_in(error)) is not None:
        exchange.failure, exchange.message = shut_out.outcome, shut_out.message
    else:
        exchange.failure = (failure_of(error) if error else None) or Outcome.BAD_REQUEST
        exchange.message = first_line(error) if error else "LiteLLM sent nothing"
    return exchange
