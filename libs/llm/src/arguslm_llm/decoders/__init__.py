"""From stamped bytes to clocks, text and usage. Decoders run after the stream, off the hot path.

One decoder per dialect; which one reads an answer follows from the URL that was asked.
"""

from collections.abc import Callable, Sequence
from contextlib import suppress
from enum import StrEnum
from urllib.parse import urlsplit

from arguslm_llm.decoders import (
    anthropic,
    bedrock,
    cohere,
    embeddings,
    gemini,
    ollama,
    openai,
    responses,
)
from arguslm_llm.decoders.framing import is_web_page
from arguslm_llm.decoders.transcript import Hopeless, Transcript
from arguslm_llm.exchange import Progress, Read


class Dialect(StrEnum):
    """A way of streaming an answer."""

    OPENAI = "openai"
    OPENAI_RESPONSES = "openai_responses"
    ANTHROPIC = "anthropic"
    GEMINI = "gemini"
    OLLAMA = "ollama"
    COHERE = "cohere"
    BEDROCK = "bedrock"
    EMBEDDINGS = "embeddings"


_DECODERS: dict[Dialect, Callable[[Sequence[Read], Transcript], None]] = {
    Dialect.OPENAI: openai.decode,
    Dialect.OPENAI_RESPONSES: responses.decode,
    Dialect.ANTHROPIC: anthropic.decode,
    Dialect.GEMINI: gemini.decode,
    Dialect.OLLAMA: ollama.decode,
    Dialect.COHERE: cohere.decode,
    Dialect.BEDROCK: bedrock.decode,
    Dialect.EMBEDDINGS: embeddings.decode,
}

_END_BYTES = 256 * 1024

# The end of the URL's path, most specific first.
_PATHS: tuple[tuple[str, Dialect], ...] = (
    ("/chat/completions", Dialect.OPENAI),
    ("/completions", Dialect.OPENAI),
    ("/responses", Dialect.OPENAI_RESPONSES),
    ("/messages", Dialect.ANTHROPIC),
    (":streamGenerateContent", Dialect.GEMINI),
    (":generateContent", Dialect.GEMINI),
    ("/api/chat", Dialect.OLLAMA),
    ("/api/generate", Dialect.OLLAMA),
    ("/v2/chat", Dialect.COHERE),
    ("/converse-stream", Dialect.BEDROCK),
    ("/converse", Dialect.BEDROCK),
    ("/embeddings", Dialect.EMBEDDINGS),
    ("/embed", Dialect.EMBEDDINGS),
    (":batchEmbedContents", Dialect.EMBEDDINGS),
    (":embedContent", Dialect.EMBEDDINGS),
    (":predict", Dialect.EMBEDDINGS),
    ("/invoke", Dialect.EMBEDDINGS),
)


def dialect_of(url: str) -> Dialect | None:
    """The dialect an address answers in, or None when we cannot read what it sends."""
    path = urlsplit(url).path.rstrip("/")
    return next((dialect for end, dialect in _PATHS if path.endswith(end)), None)


def decode(dialect: Dialect, reads: Sequence[Read]) -> Transcript:
    """Read a whole answer, or as much of one as has arrived. Never raises for what it reads."""
    transcript = Transcript()
    if is_web_page(reads):
        transcript.unreadable("the answer is a web page")
        return transcript
    with suppress(Hopeless):
        _DECODERS[dialect](reads, transcript)
    return transcript


def progress_of(dialect: Dialect) -> Callable[[Sequence[Read]], Progress]:
    """How far an answer in this dialect has come, for the deadlines. It is told in the midst of it,
    while others are measured: of a long one only the end is read, and what came before that counts
    as a token."""

    def progress(reads: Sequence[Read]) -> Progress:
        first = 0 if dialect is Dialect.BEDROCK else _start_of_the_end(reads)
        before_ns = reads[first - 1][0] if first else None
        transcript = decode(dialect, _from_a_line_on(reads[first:]) if first else reads)
        return Progress(transcript.last_token_ns or before_ns, transcript.finished)

    return progress


def _start_of_the_end(reads: Sequence[Read]) -> int:
    """The first of the reads that are looked at. Bedrock's frames can be read from the first byte
    of the answer only, a stream of lines from any line on."""
    first, length = len(reads), 0
    while first and length < _END_BYTES:
        first -= 1
        length += len(reads[first][1])
    return first


def _from_a_line_on(reads: Sequence[Read]) -> list[Read]:
    """Without the rest of the line that they begin in: it could be taken for a body of JSON."""
    ns, data = reads[0]
    return [(ns, data[data.find(b"\n") + 1 :]), *reads[1:]]
