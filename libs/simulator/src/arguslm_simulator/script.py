"""What is sent when: an answer written out as timed steps, faults included. Pure, no clock."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import Enum, auto

from arguslm_simulator import openai_form as form
from arguslm_simulator.behaviour import Behaviour, Fault
from arguslm_simulator.chat_request import ChatRequest
from arguslm_simulator.http1 import LAST_CHUNK, chunk, chunked, response_head, with_length


class Then(Enum):
    """What happens after a step: the next one, the next request, a close, or nothing at all."""

    GO_ON = auto()
    NEXT_REQUEST = auto()
    CLOSE = auto()
    HOLD = auto()


@dataclass(frozen=True, slots=True)
class Step:
    """`at_ns` counts from the request fully read; `data` is the wire's bytes with stamp slots.
    `on_schedule` is False for what follows a token at once, as soon as it can."""

    at_ns: int
    data: bytes
    then: Then = Then.GO_ON
    on_schedule: bool = True


# Faults that strike inside an answer, after `stall_after_tokens` tokens.
_IN_THE_MIDDLE = frozenset(
    {
        Fault.STALL,
        Fault.DISCONNECT,
        Fault.ERROR_IN_STREAM,
        Fault.INVALID_STREAM,
        Fault.EARLY_END,
    }
)

_ERRORS: dict[Fault, Callable[[str], form.ApiError]] = {
    Fault.HTTP_500: lambda model: form.server_error(),
    Fault.HTTP_503: lambda model: form.overloaded(),
    Fault.HTTP_429: form.rate_limited,
    Fault.HTTP_401: lambda model: form.invalid_api_key(),
    Fault.QUOTA: lambda model: form.quota_exhausted(),
}


@dataclass(frozen=True, slots=True)
class Act:
    """One request as it will be answered.

    `answer_id` is unique in this server; `headers` go into the response's head.
    """

    chat: ChatRequest
    behaviour: Behaviour
    fault: Fault
    answer_id: str
    headers: dict[str, str]

    def steps(self) -> Iterator[Step]:
        if self.fault is Fault.HANG_HEADERS:
            return iter([Step(0, b"", Then.HOLD)])
        if self.fault in _ERRORS:
            error = _ERRORS[self.fault](self.chat.model)
            return iter([error_step(error, self.headers, at_ns=self._head_ns)])
        if self.fault is Fault.DISCONNECT and self._cut == 0:
            return iter([Step(self._head_ns, b"", Then.CLOSE)])
        return self._streamed() if self.chat.stream else iter([self._whole()])

    @property
    def counts(self) -> form.Counts:
        """Tokens this answer has when nothing cuts it in the middle."""
        wanted = self.behaviour.reasoning_tokens + self.behaviour.tokens
        budget = min(wanted, self.chat.max_tokens or wanted)
        reasoning = min(self.behaviour.reasoning_tokens, budget)
        answer = budget - reasoning
        if self.fault is Fault.EMPTY:
            reasoning = answer = 0
        elif self.fault is Fault.TRUNCATED:
            reasoning, answer = budget, 0
        return form.Counts(self.chat.prompt_tokens, reasoning, answer)

    @property
    def finish_reason(self) -> str | None:
        wanted = self.behaviour.reasoning_tokens + self.behaviour.tokens
        cut_short = self.chat.max_tokens is not None and self.chat.max_tokens < wanted
        return "length" if cut_short or self.fault is Fault.TRUNCATED else "stop"

    @property
    def _cut(self) -> int | None:
        """Tokens sent before a fault in the middle: never all, so that it always shows."""
        if self.fault not in _IN_THE_MIDDLE:
            return None
        total = self.counts.reasoning + self.counts.answer
        return min(self.behaviour.stall_after_tokens, total - 1)

    @property
    def _head_ns(self) -> int:
        head_ms = self.behaviour.headers_ms
        return _ns(self.behaviour.ttft_ms if head_ms is None else head_ms)

    def _due_ns(self, token: int) -> int:
        return _ns(self.behaviour.ttft_ms) + token * _ns(self.behaviour.gap_ms)

    def _streamed(self) -> Iterator[Step]:
        frames = form.FrameWriter(
            self.answer_id, self.chat.model, with_usage=self.chat.include_usage
        )
        head = response_head(200, "text/event-stream; charset=utf-8", self.headers)
        opening = chunked(head) + chunk(frames.role())
        if self._head_ns < self._due_ns(0):
            yield Step(self._head_ns, opening)
            opening = b""
        last_ns = self._due_ns(0)
        for first, last, field in self._chunks():
            last_ns = self._due_ns(first)
            frame = frames.delta({field: form.words(first, last)})
            yield Step(last_ns, opening + chunk(frame))
            opening = b""
        if self._cut is not None:
            yield self._break(opening)
            return
        tail = frames.delta({}, self.finish_reason) + frames.usage(self.counts) + form.DONE
        data = opening + chunk(tail) + LAST_CHUNK
        yield Step(last_ns, data, Then.NEXT_REQUEST, on_schedule=bool(opening))

    def _chunks(self) -> Iterator[tuple[int, int, str]]:
        """(first token, one past its last, field) of each frame that holds tokens."""
        counts, size = self.counts, self.behaviour.tokens_per_chunk
        total = counts.reasoning + counts.answer
        end = total if self._cut is None else self._cut
        spans = (
            (0, min(counts.reasoning, end), "reasoning_content"),
            (counts.reasoning, end, "content"),
        )
        for start, stop, field in spans:
            for first in range(start, stop, size):
                yield first, min(first + size, stop), field

    def _break(self, opening: bytes) -> Step:
        """How a streamed answer goes wrong in the middle, when its next token was due."""
        at_ns = self._due_ns(self._cut or 0)
        if self.fault is Fault.STALL:
            return Step(at_ns, opening, Then.HOLD)
        if self.fault is Fault.DISCONNECT:
            return Step(at_ns, opening, Then.CLOSE)
        last_words = b""
        if self.fault is Fault.ERROR_IN_STREAM:
            last_words = chunk(form.error_frame(form.server_error()) + form.DONE)
        elif self.fault is Fault.INVALID_STREAM:
            last_words = chunk(b'data: {"id":"' + self.answer_id.encode() + b'","choi\n\n')
        return Step(at_ns, opening + last_words + LAST_CHUNK, Then.NEXT_REQUEST)

    def _whole(self) -> Step:
        """The answer in one piece, when its last frame would have left."""
        head = response_head(200, "application/json", self.headers)
        at_ns = max((self._due_ns(first) for first, _, _ in self._chunks()), default=self._head_ns)
        counts, finish_reason = self.counts, self.finish_reason
        if self.fault is Fault.EARLY_END:
            counts, finish_reason = counts.cut(self._cut or 0), None
        answer = form.whole_answer(self.answer_id, self.chat.model, counts, finish_reason)
        body = form.to_json(answer)
        half = len(body) // 2
        if self.fault is Fault.ERROR_IN_STREAM:
            body = form.server_error().body()
        elif self.fault is Fault.INVALID_STREAM:
            body = body[:half]
        elif self.fault is Fault.STALL:
            return Step(at_ns, with_length(head, body)[: half - len(body)], Then.HOLD)
        elif self.fault is Fault.DISCONNECT:
            return Step(at_ns, with_length(head, body)[: half - len(body)], Then.CLOSE)
        return Step(at_ns, with_length(head, body), Then.NEXT_REQUEST)


def json_step(status: int, body: bytes, headers: dict[str, str], *, at_ns: int = 0) -> Step:
    head = response_head(status, "application/json", headers)
    return Step(at_ns, with_length(head, body), Then.NEXT_REQUEST)


def error_step(error: form.ApiError, headers: dict[str, str], *, at_ns: int = 0) -> Step:
    return json_step(error.status, error.body(), {**headers, **error.headers}, at_ns=at_ns)


def _ns(ms: float) -> int:
    return round(ms * 1e6)
