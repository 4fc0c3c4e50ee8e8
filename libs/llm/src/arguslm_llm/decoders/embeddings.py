"""Vectors, as the APIs for embeddings send them: one JSON object, never a stream."""

from collections.abc import Iterator, Sequence
from typing import Any

from arguslm_contracts.measurement import Usage
from arguslm_llm.decoders.errors import error_in
from arguslm_llm.decoders.framing import whole
from arguslm_llm.decoders.transcript import (
    JsonObject,
    Transcript,
    as_count,
    as_list,
    as_object,
    json_of,
)
from arguslm_llm.exchange import Read


def decode(reads: Sequence[Read], transcript: Transcript) -> None:
    """Read the first vector, and what it cost."""
    transcript.streamed = False
    ns, body = whole(reads)
    value = json_of(body)
    if error := error_in(value):
        transcript.fail(error)
        return
    if not isinstance(value, dict):
        transcript.unreadable("the body is no JSON object")
        return
    transcript.embedded(ns, next((vector for vector in _vectors(value) if vector), None))
    transcript.usage = _usage(value)
    transcript.finished = True


def _vectors(value: JsonObject) -> Iterator[Any]:
    """OpenAI's `data`, Titan's one, Ollama's and Cohere's lists of lists, Nova's of objects,
    Gemini's `values`, and Vertex's `predictions`."""
    for item in map(as_object, as_list(value.get("data"))):
        yield item.get("embedding")
    one, several = value.get("embedding"), value.get("embeddings")
    for item in (one, *as_list(as_object(several).get("float") or several)):
        named = as_object(item)
        yield named.get("values") or named.get("embedding") or item
    for item in map(as_object, as_list(value.get("predictions"))):
        yield as_object(item.get("embeddings")).get("values") or item.get("textEmbedding")


def _usage(value: JsonObject) -> Usage:
    billed = as_object(as_object(value.get("meta")).get("billed_units"))
    prediction = as_object(next(iter(as_list(value.get("predictions"))), None))
    statistics = as_object(as_object(prediction.get("embeddings")).get("statistics"))
    counts = (
        as_object(value.get("usage")).get("prompt_tokens"),
        as_object(value.get("usageMetadata")).get("promptTokenCount"),
        value.get("prompt_eval_count"),
        value.get("inputTextTokenCount"),
        billed.get("input_tokens"),
        statistics.get("token_count"),
    )
    input_tokens = next((n for n in map(as_count, counts) if n is not None), None)
    return Usage(
        input_tokens=input_tokens,
        output_tokens=None if input_tokens is None else 0,
        source="unknown" if input_tokens is None else "reported",
    )
