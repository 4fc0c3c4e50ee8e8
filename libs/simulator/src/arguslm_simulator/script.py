"""What is sent when: an answer written out as timed steps, faults included. Pure, no clock."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum, auto
from http import HTTPStatus
from typing import Any

from arguslm_simulator import frames
from arguslm_simulator.answer import Answer, Channel, Counts, Finish
from arguslm_simulator.behaviour import REFUSALS, Behaviour, Fault
from arguslm_simulator.dialects.dialect import Dialect, Refusal, Writer
from arguslm_simulator.http1 import LAST_CHUNK, chunk, chunked, response_head, with_length
from arguslm_simulator.question import Question, Texts
from arguslm_simulator.schedule import Schedule
from arguslm_simulator.vectors import vector_of


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
    stamp: frames.Stamper = frames.stamp


# Faults that strike inside an answer, after `stall_after_tokens` tokens.
_IN_THE_MIDDLE = frozenset(
    {
        Fault.STALL,
        Fault.DISCONNECT,
        Fault.ERROR_IN_STREAM,
        Fault.INVALID_STREAM,
        Fault.EARLY_END,
        Fault.CONTENT_FILTER,
    }
)


@dataclass(frozen=True, slots=True)
class Act:
    """One request as it will be answered.

    `answer_id` is unique in this server; `headers` go into the response's head.
    """

    dialect: Dialect
    question: Question | Texts
    behaviour: Behaviour
    fault: Fault
    schedule: Schedule
    answer_id: str
    headers: dict[str, str]

    def steps(self) -> Iterator[Step]:
        head_ns = self.schedule.head_ns
        if self.fault is Fault.HANG_HEADERS:
            return iter([Step(0, b"", Then.HOLD)])
        if self.fault in self.dialect.never:
            return iter([refusal_step(_never(self.dialect, self.fault), self.headers)])
        if self.fault in REFUSALS:
            refusal = self.dialect.refusal(self.fault, self.question.model)
            return iter([refusal_step(refusal, self.headers, at_ns=head_ns)])
        if isinstance(self.question, Texts):
            return iter([self._embeddings(self.question)])
        script = Script(self, self.question)
        if self.fault is Fault.DISCONNECT and script.cut == 0:
            return iter([Step(head_ns, b"", Then.CLOSE)])
        return script.streamed() if self.question.stream else iter([script.in_one_piece()])

    def whole_step(self, document: Any, at_ns: int) -> Step:
        """A JSON answer, broken where its fault breaks what comes in one piece."""
        head = response_head(HTTPStatus.OK, "application/json", self.headers)
        body = frames.to_json(document)
        half = len(body) // 2
        if self.fault is Fault.ERROR_IN_STREAM:
            body = self.dialect.refusal(Fault.HTTP_500, self.question.model).body
        elif self.fault is Fault.INVALID_STREAM:
            body = body[:half]
        elif self.fault is Fault.STALL:
            return Step(at_ns, with_length(head, body)[: half - len(body)], Then.HOLD)
        elif self.fault is Fault.DISCONNECT:
            return Step(at_ns, with_length(head, body)[: half - len(body)], Then.CLOSE)
        return Step(at_ns, with_length(head, body), Then.NEXT_REQUEST)

    def _embeddings(self, texts: Texts) -> Step:
        size = texts.dimensions or self.behaviour.dimensions
        asked = () if self.fault is Fault.EMPTY else texts.texts
        vectors = [vector_of(texts.model, text, size) for text in asked]
        return self.whole_step(self.dialect.embeddings(texts, vectors), self.schedule.due_ns(0))


class Script:
    """The answer to one question, streamed or in one piece."""

    def __init__(self, act: Act, question: Question) -> None:
        self._act = act
        self._fault = act.fault
        self._schedule = act.schedule
        self._writer: Writer = act.dialect.writer(question, act.behaviour, act.answer_id)
        self._stream_type = act.dialect.stream_type(question)
        calls = act.behaviour.calls_tool or act.behaviour.obliges
        self._call = question.tool if calls else None
        self._said = question.wanted if act.behaviour.obliges else ""
        self._counts = self._planned(question)
        self._finish = self._planned_finish(question)

    @property
    def cut(self) -> int | None:
        """Tokens sent before a fault in the middle: never all, so that it always shows."""
        if self._fault not in _IN_THE_MIDDLE:
            return None
        return min(self._act.behaviour.stall_after_tokens, self._counts.output - 1)

    def streamed(self) -> Iterator[Step]:
        stamp = self._act.dialect.stamp
        head = response_head(HTTPStatus.OK, self._stream_type, self._act.headers)
        opening = chunked(head) + _chunk_of(self._writer.opening())
        if self._schedule.head_ns < self._schedule.due_ns(0):
            yield Step(self._schedule.head_ns, opening, stamp=stamp)
            opening = b""
        answer = self._answer()
        last_ns = self._schedule.due_ns(0)
        for first, last, channel in self._spans():
            last_ns = self._schedule.due_ns(first)
            frame = self._writer.piece(channel, answer.piece(first, last))
            yield Step(last_ns, opening + chunk(frame), stamp=stamp)
            opening = b""
        if self.cut is not None:
            yield self._break(opening)
            return
        # Thoughts that are not shown take their time even when nothing follows them.
        unseen_ns = self._schedule.due_ns(max(0, self._counts.output - 1))
        waits = not self._act.behaviour.shows_reasoning and self._counts.answer == 0
        end_ns = unseen_ns if waits else last_ns
        data = opening + chunk(self._writer.ending(answer)) + LAST_CHUNK
        yield Step(end_ns, data, Then.NEXT_REQUEST, on_schedule=bool(opening), stamp=stamp)

    def in_one_piece(self) -> Step:
        """The whole answer, when its last frame would have left."""
        dues = [self._schedule.due_ns(first) for first, _, _ in self._spans()]
        return self._act.whole_step(
            self._writer.whole(self._answer()), dues[-1] if dues else self._schedule.due_ns(0)
        )

    def _planned(self, question: Question) -> Counts:
        """Tokens this answer has when nothing cuts it in the middle."""
        behaviour = self._act.behaviour
        wanted = behaviour.reasoning_tokens + behaviour.tokens
        budget = min(wanted, question.max_tokens or wanted)
        reasoning = min(behaviour.reasoning_tokens, budget)
        answer = budget - reasoning
        if self._fault is Fault.EMPTY:
            reasoning = answer = 0
        elif self._fault is Fault.TRUNCATED:
            reasoning, answer = budget, 0
        return Counts(question.prompt_tokens, reasoning, answer)

    def _planned_finish(self, question: Question) -> Finish | None:
        behaviour = self._act.behaviour
        wanted = behaviour.reasoning_tokens + behaviour.tokens
        cut_short = question.max_tokens is not None and question.max_tokens < wanted
        if self._fault is Fault.EARLY_END:
            return None
        if self._fault is Fault.CONTENT_FILTER:
            return Finish.CONTENT_FILTER
        if self._fault is Fault.EMPTY:
            return Finish.STOP
        if cut_short or self._fault is Fault.TRUNCATED:
            return Finish.LENGTH
        return Finish.TOOL_CALL if self._call else Finish.STOP

    def _answer(self) -> Answer:
        ends_in_the_middle = self._fault in (Fault.EARLY_END, Fault.CONTENT_FILTER)
        counts = self._counts.cut(self.cut or 0) if ends_in_the_middle else self._counts
        call = self._call if counts.answer else None
        shows = self._act.behaviour.shows_reasoning
        return Answer(counts, call, self._finish, shows, self._said)

    def _spans(self) -> Iterator[tuple[int, int, Channel]]:
        """(first token, one past its last, channel) of each frame that holds tokens."""
        counts, size = self._counts, self._act.behaviour.tokens_per_chunk
        end = counts.output if self.cut is None else self.cut
        if self._act.behaviour.shows_reasoning:
            yield from _cut_up(0, min(counts.reasoning, end), size, Channel.REASONING)
        if self._call is None:
            yield from _cut_up(counts.reasoning, end, size, Channel.ANSWER)
        elif not self._act.dialect.call_in_one_piece:
            yield from _cut_up(counts.reasoning, end, size, Channel.TOOL_CALL)
        elif counts.reasoning < end == counts.output:
            yield counts.reasoning, end, Channel.TOOL_CALL

    def _break(self, opening: bytes) -> Step:
        """How a streamed answer goes wrong in the middle, when its next token was due."""
        at_ns = self._schedule.due_ns(self.cut or 0)
        stamp = self._act.dialect.stamp
        if self._fault is Fault.STALL:
            return Step(at_ns, opening, Then.HOLD, stamp=stamp)
        if self._fault is Fault.DISCONNECT:
            return Step(at_ns, opening, Then.CLOSE, stamp=stamp)
        last_words = b""
        if self._fault is Fault.ERROR_IN_STREAM:
            last_words = chunk(self._writer.failure())
        elif self._fault is Fault.INVALID_STREAM:
            last_words = chunk(self._writer.broken())
        elif self._fault is Fault.CONTENT_FILTER:
            last_words = chunk(self._writer.ending(self._answer()))
        return Step(at_ns, opening + last_words + LAST_CHUNK, Then.NEXT_REQUEST, stamp=stamp)


def _cut_up(
    start: int, stop: int, size: int, channel: Channel
) -> Iterator[tuple[int, int, Channel]]:
    for first in range(start, stop, size):
        yield first, min(first + size, stop), channel


def _chunk_of(data: bytes) -> bytes:
    """An empty chunk would end the answer."""
    return chunk(data) if data else b""


def _never(dialect: Dialect, fault: Fault) -> Refusal:
    message = f"{dialect.name} never shows {fault}: {dialect.never[fault]}"
    return Refusal(HTTPStatus.NOT_IMPLEMENTED, {"error": {"message": message}})


def json_step(status: int, body: bytes, headers: dict[str, str], *, at_ns: int = 0) -> Step:
    head = response_head(status, "application/json", headers)
    return Step(at_ns, with_length(head, body), Then.NEXT_REQUEST)


def refusal_step(refusal: Refusal, headers: dict[str, str], *, at_ns: int = 0) -> Step:
    return json_step(refusal.status, refusal.body, {**headers, **refusal.headers}, at_ns=at_ns)
