"""From stamped bytes to clocks, text and usage. Decoders run after the stream, off the hot path.

One decoder per dialect; which one reads an answer follows from the URL that was asked.
"""

from collections.abc import Callable, Sequence
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
from arguslm_llm.decoders.transcript import Transcript
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
    else:
        _DECODERS[dialect](reads, transcript)
    return transcript


def progress_of(dialect: Dialect) -> Callable[[Sequence[Read]], Progress]:
    """How far an answer in this dialect has come, for the deadlines."""

    def progress(reads: Sequence[Read]) -> Progress:
        transcript = decode(dialect, reads)
        return Progress(transcript.last_token_ns, transcript.finished)

    return progress
