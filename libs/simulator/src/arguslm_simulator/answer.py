"""What an answer says and how it ends, whatever the dialect it is written in."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any

_WORDS = (" alpha", " bravo", " delta", " gamma", " omega", " sigma", " theta", " kappa")


class Channel(Enum):
    """What a token is part of."""

    REASONING = auto()
    ANSWER = auto()
    TOOL_CALL = auto()


class Finish(Enum):
    """Why an answer ended; each dialect has its own word for each."""

    STOP = auto()
    LENGTH = auto()
    TOOL_CALL = auto()
    CONTENT_FILTER = auto()


@dataclass(frozen=True, slots=True)
class Tool:
    """A tool that the request offers; `schema` is the JSON schema of its arguments."""

    name: str
    schema: Mapping[str, Any]

    def sample(self) -> Any:
        """Arguments that its schema accepts."""
        return sample(self.schema)


@dataclass(frozen=True, slots=True)
class Counts:
    """Tokens of one answer."""

    prompt: int
    reasoning: int
    answer: int

    @property
    def output(self) -> int:
        return self.reasoning + self.answer

    @property
    def total(self) -> int:
        return self.prompt + self.output

    def cut(self, tokens: int) -> "Counts":
        """What has been sent after so many tokens."""
        reasoning = min(self.reasoning, tokens)
        return Counts(self.prompt, reasoning, tokens - reasoning)


@dataclass(frozen=True, slots=True)
class Answer:
    """The content of one answer. `call` None = it answers in words, which are `said` where that is
    not empty; `finish` None = it breaks off without saying why; `shows_reasoning` False = thinking
    is counted and never sent."""

    counts: Counts
    call: Tool | None = None
    finish: Finish | None = Finish.STOP
    shows_reasoning: bool = True
    said: str = ""

    @property
    def reasoning(self) -> str:
        return words(0, self.counts.reasoning) if self.shows_reasoning else ""

    @property
    def text(self) -> str:
        """The answer in words; empty where it is a tool call."""
        if self.call is not None:
            return ""
        return self.piece(self.counts.reasoning, self.counts.output)

    @property
    def arguments(self) -> str:
        """The arguments of the tool call as JSON; empty where there is none."""
        return self.piece(self.counts.reasoning, self.counts.output) if self.call else ""

    def piece(self, first: int, last: int) -> str:
        """The text of tokens first..last-1, none of them empty."""
        whole = self.said if self.call is None else json.dumps(self.call.sample())
        if not whole or first < self.counts.reasoning or not self.counts.answer:
            return words(first, last)
        text = whole.ljust(self.counts.answer)
        start, stop = (
            (token - self.counts.reasoning) * len(text) // self.counts.answer
            for token in (first, last)
        )
        return text[start:stop]


def words(first: int, last: int) -> str:
    """One word per token, known in advance."""
    return "".join(_WORDS[i % len(_WORDS)] for i in range(first, last))


_SAMPLES: dict[str, Any] = {
    "string": "alpha",
    "integer": 1,
    "number": 1.5,
    "boolean": True,
    "null": None,
}


def sample(schema: Any) -> Any:
    """A value that a plain JSON schema accepts: every property, the first of every choice. Null
    for what is no schema: that is the asker's mistake, and shows."""
    if not isinstance(schema, dict):
        return None
    choices = schema.get("enum")
    if isinstance(choices, list) and choices:
        return choices[0]
    kinds = schema.get("type", "object")
    kind = str(kinds[0] if isinstance(kinds, list) and kinds else kinds).lower()  # Gemini shouts
    if kind == "object":
        properties = schema.get("properties")
        inner = properties if isinstance(properties, dict) else {}
        return {name: sample(one) for name, one in inner.items()}
    if kind == "array":
        return [sample(schema.get("items", {}))]
    return _SAMPLES.get(kind)
