"""Ollama's own API: one JSON object per line."""

from collections.abc import Sequence

from arguslm_contracts.measurement import Usage
from arguslm_llm.decoders.errors import error_in
from arguslm_llm.decoders.framing import lines
from arguslm_llm.decoders.transcript import (
    JsonObject,
    Transcript,
    as_count,
    as_list,
    as_object,
    as_text,
    json_of,
)
from arguslm_llm.exchange import Read


def decode(reads: Sequence[Read], transcript: Transcript) -> None:
    """Read the lines of /api/chat or /api/generate."""
    for ns, line in lines(reads):
        if not line.strip():
            continue
        frame = json_of(line)
        if error := error_in(frame):
            transcript.fail(error)
        elif isinstance(frame, dict):
            _read_line(ns, frame, transcript)
        else:
            transcript.unreadable("a line of the stream is no JSON object")


def _read_line(ns: int, frame: JsonObject, transcript: Transcript) -> None:
    message = as_object(frame.get("message"))
    transcript.reasoning_token(ns, message.get("thinking") or frame.get("thinking"))
    transcript.answer_token(ns, message.get("content") or frame.get("response"))
    for call in map(as_object, as_list(message.get("tool_calls"))):
        function = as_object(call.get("function"))
        transcript.tool_token(ns, function.get("name"), function.get("arguments"))
    if frame.get("done") is not True:
        return
    transcript.finished = True
    transcript.finish_reason = as_text(frame.get("done_reason")) or "stop"
    output_tokens = as_count(frame.get("eval_count"))
    transcript.usage = Usage(
        input_tokens=as_count(frame.get("prompt_eval_count")),
        output_tokens=output_tokens,
        source="unknown" if output_tokens is None else "reported",
    )
