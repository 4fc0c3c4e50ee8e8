"""What a request asks for, and how its JSON body is read; a dialect words what is wrong with it."""

import json
from dataclasses import dataclass
from typing import Any

from arguslm_simulator.answer import Tool, sample
from arguslm_simulator.behaviour import MAX_DIMENSIONS

# What is said where JSON is wanted and no schema tells which.
ANY_JSON = '{"answer": "alpha"}'


@dataclass(frozen=True, slots=True)
class Question:
    """A chat request. `max_tokens` covers reasoning and answer together; None = no limit.
    `include_usage`: the stream ends with a bill. `events`: as server-sent events, where a dialect
    also streams in another form. `tool`: the first one that was offered. `wanted`: what a model
    that obliges says."""

    model: str
    prompt_tokens: int
    stream: bool = False
    include_usage: bool = True
    events: bool = True
    max_tokens: int | None = None
    tool: Tool | None = None
    wanted: str = ""


@dataclass(frozen=True, slots=True)
class Texts:
    """A request for embeddings. `dimensions` None = as the model has them; `batch` and `encoding`
    are what the form of the answer depends on."""

    model: str
    texts: tuple[str, ...]
    dimensions: int | None = None
    batch: bool = True
    encoding: str = "float"

    @property
    def prompt_tokens(self) -> int:
        return sum(tokens_of(text) for text in self.texts)


class BadRequest(Exception):
    """`param` is the field that is wrong or missing; the message says what it must be."""

    def __init__(self, message: str, *, param: str | None = None, missing: bool = False) -> None:
        super().__init__(message)
        self.param = param
        self.missing = missing


def tokens_of(value: Any) -> int:
    """About how many tokens a prompt is."""
    return max(1, len(json.dumps(value)) // 4)


def json_object(body: bytes) -> dict[str, Any]:
    """Every reader here raises `BadRequest`."""
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        raise BadRequest("We could not parse the JSON body of your request.") from None
    if not isinstance(document, dict):
        raise BadRequest("The JSON body of your request must be an object.")
    return document


def text_in(document: dict[str, Any], name: str) -> str:
    value = document.get(name)
    if value is None or value == "":
        raise BadRequest("is required", param=name, missing=True)
    if not isinstance(value, str):
        raise BadRequest("expected a string", param=name)
    return value


def list_in(document: dict[str, Any], name: str) -> list[Any]:
    value = document.get(name)
    if value is None or value == []:
        raise BadRequest("is required", param=name, missing=True)
    if not isinstance(value, list):
        raise BadRequest("expected an array", param=name)
    return value


def object_in(document: dict[str, Any], name: str) -> dict[str, Any]:
    """Empty where it is missing."""
    value = document.get(name)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise BadRequest("expected an object", param=name)
    return value


def count_in(document: dict[str, Any], *names: str) -> int | None:
    """The first of these that is there; None where none is."""
    for name in names:
        value = document.get(name)
        if value is None:
            continue
        if not isinstance(value, int) or isinstance(value, bool) or value < 1:
            raise BadRequest("expected an integer of at least 1", param=name)
        return value
    return None


def dimensions_in(document: dict[str, Any], name: str) -> int | None:
    dimensions = count_in(document, name)
    if dimensions is not None and dimensions > MAX_DIMENSIONS:
        raise BadRequest(f"expected at most {MAX_DIMENSIONS}", param=name)
    return dimensions


def texts_in(document: dict[str, Any], name: str) -> tuple[str, ...]:
    """One text or several."""
    value = document.get(name)
    texts = list_in({name: [value]} if isinstance(value, str) else document, name)
    if not all(isinstance(text, str) for text in texts):
        raise BadRequest("expected a string or an array of strings", param=name)
    return tuple(texts)


def tool_in(tools: Any, *path: str, schema: str = "parameters") -> Tool | None:
    """The first tool of a list; `path` leads from an entry to what holds its name and schema."""
    entry = tools[0] if isinstance(tools, list) and tools else None
    for step in path:
        entry = entry.get(step) if isinstance(entry, dict) else None
        if isinstance(entry, list):
            entry = entry[0] if entry else None
    if not isinstance(entry, dict) or not isinstance(entry.get("name"), str):
        return None
    arguments = entry.get(schema)
    return Tool(entry["name"], arguments if isinstance(arguments, dict) else {})


def last_said(messages: Any, name: str = "content") -> str:
    """The last message's text, of one part or of several; `name` is the member that holds it. Empty
    where it holds none."""
    last = messages[-1] if isinstance(messages, list) and messages else None
    said = last.get(name) if isinstance(last, dict) else None
    if isinstance(said, list):
        texts = [part.get("text") for part in said if isinstance(part, dict)]
        said = "".join(text for text in texts if isinstance(text, str))
    return said if isinstance(said, str) else ""


def said_in_json(schema: Any) -> str:
    """An instance of the schema."""
    return json.dumps(sample(schema))
