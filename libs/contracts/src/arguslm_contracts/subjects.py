"""Matching subjects as the bus does: `*` is one token, `>` is one or more at the end."""

from functools import lru_cache

from arguslm_contracts.streams import STREAMS, StreamSpec


def matches(pattern: str, subject: str) -> bool:
    """Whether `subject` falls under `pattern`."""
    wanted, given = pattern.split("."), subject.split(".")
    for position, token in enumerate(wanted):
        if token == ">":
            return len(given) > position
        if position >= len(given) or token not in ("*", given[position]):
            return False
    return len(wanted) == len(given)


@lru_cache(maxsize=4_096)
def stream_of(subject: str) -> StreamSpec:
    """The one stream that keeps a subject.

    Raises:
        LookupError: no stream keeps it, so publishing it would lose it.
    """
    for stream in STREAMS:
        if any(matches(pattern, subject) for pattern in stream.subjects):
            return stream
    raise LookupError(f"no stream keeps the subject {subject!r}")
