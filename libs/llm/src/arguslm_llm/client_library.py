"""Asking through LiteLLM itself, for the providers whose answer is more than one exchange.

The clocks then tell when LiteLLM gave us a chunk, not when it arrived, and the measurement is
labelled so.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable
from typing import Any, TypeVar

from arguslm_contracts.measurement import Stamp, Timeouts, Usage
from arguslm_contracts.outcomes import Outcome
from arguslm_llm.decoders.transcript import Transcript, as_count
from arguslm_llm.exchange import NS_PER_S, Exchange
from arguslm_llm.last_refusal import LastRefusal, listening
from arguslm_llm.litellm_errors import failure_of, first_line, provider_error

T = TypeVar("T")


async def ask(
    litellm: Any, arguments: dict[str, Any], timeouts: Timeouts, scheduled_ns: int | None
) -> tuple[Exchange, Transcript]:
    """Run one request; call it on LiteLLM's own loop. Failures are in the result."""
    began_ns = time.monotonic_ns()
    exchange = Exchange(
        scheduled_ns=scheduled_ns,
        began_ns=began_ns,
        sent_ns=began_ns,
        stamp=Stamp.CLIENT_LIBRARY,
    )
    transcript = Transcript()
    deadline = _Deadline(began_ns, timeouts)
    refusal = LastRefusal()
    token = listening.set(refusal)
    try:
        answer = await deadline.within(
            litellm.acompletion(**arguments),
            timeouts.connect_s + timeouts.headers_s,
            Outcome.TIMEOUT_HEADERS,
        )
        exchange.headers_ns = time.monotonic_ns()
        exchange.status = 200
        await _read(answer, transcript, timeouts, deadline)
        transcript.finished = True
    except _Late as late:
        exchange.failure = late.outcome
    except Exception as error:  # LiteLLM raises whatever it likes; it becomes evidence
        if refusal.status is not None:
            exchange.status, exchange.headers = refusal.status, refusal.headers
            transcript.fail(refusal.error)
        else:
            exchange.failure = failure_of(error)
            exchange.message = first_line(error)
            if exchange.failure is None:
                exchange.status = as_count(getattr(error, "status_code", None))
                transcript.fail(provider_error(error))
    finally:
        listening.reset(token)
    exchange.ended_ns = time.monotonic_ns()
    return exchange, transcript


class _Late(Exception):
    def __init__(self, outcome: Outcome) -> None:
        super().__init__(outcome)
        self.outcome = outcome


class _Deadline:
    """Each wait has its own limit, and all of them the total."""

    def __init__(self, began_ns: int, timeouts: Timeouts) -> None:
        self._ends_s = began_ns / NS_PER_S + timeouts.total_s

    async def within(self, wait: Awaitable[T], limit_s: float, outcome: Outcome) -> T:
        left_s = self._ends_s - time.monotonic_ns() / NS_PER_S
        try:
            return await asyncio.wait_for(wait, min(limit_s, max(left_s, 0)))
        except TimeoutError as error:
            raise _Late(Outcome.TIMEOUT_TOTAL if left_s <= limit_s else outcome) from error


async def _read(
    answer: AsyncIterator[Any], transcript: Transcript, timeouts: Timeouts, deadline: _Deadline
) -> None:
    while True:
        if transcript.last_token_ns is None:
            limit_s, outcome = timeouts.first_token_s, Outcome.TIMEOUT_FIRST_TOKEN
        else:
            limit_s, outcome = timeouts.gap_s, Outcome.STALLED
        try:
            chunk = await deadline.within(anext(answer), limit_s, outcome)
        except StopAsyncIteration:
            return
        take(time.monotonic_ns(), chunk, transcript)


def take(ns: int, chunk: Any, transcript: Transcript) -> None:
    """Put down what LiteLLM made of a part of the answer, which arrived at `ns`."""
    for choice in getattr(chunk, "choices", None) or []:
        delta = getattr(choice, "delta", None)
        transcript.reasoning_token(ns, getattr(delta, "reasoning_content", None))
        transcript.answer_token(ns, getattr(delta, "content", None))
        for call in getattr(delta, "tool_calls", None) or []:
            function = getattr(call, "function", None)
            name, arguments = getattr(function, "name", None), getattr(function, "arguments", None)
            transcript.tool_token(ns, name, arguments)
        reason = getattr(choice, "finish_reason", None)
        transcript.finish_reason = reason or transcript.finish_reason
    usage = getattr(chunk, "usage", None)
    output_tokens = as_count(getattr(usage, "completion_tokens", None))
    if output_tokens is not None:
        # LiteLLM counts for itself where the provider does not say: that is an estimate.
        completion = getattr(usage, "completion_tokens_details", None)
        prompt = getattr(usage, "prompt_tokens_details", None)
        transcript.usage = Usage(
            input_tokens=as_count(getattr(usage, "prompt_tokens", None)),
            output_tokens=output_tokens,
            reasoning_tokens=as_count(getattr(completion, "reasoning_tokens", None)),
            cached_tokens=as_count(getattr(prompt, "cached_tokens", None)),
            source="estimated",
        )
