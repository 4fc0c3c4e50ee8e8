"""Pieces of a stream that dialects share: JSON, server-sent events, the slot of the stamp."""

import json
from collections.abc import Callable
from typing import Any

# Where a frame's own send time belongs: as long as the 19 digits that replace it, so that a frame
# has its final length before it has its stamp.
STAMP_SLOT = b"<monotonic-send-ns>"

# The member that holds it in every dialect but OpenAI's chat, which has a field for it.
SENT = {"sent_ns": STAMP_SLOT.decode()}

# Stands for a token's text in a `Template`.
TEXT_SLOT = "<text-of-a-token>"

Stamper = Callable[[bytes, bytes], bytes]
"""Puts 19 digits into every stamp slot of what is to be sent."""


def stamp(data: bytes, digits: bytes) -> bytes:
    return data.replace(STAMP_SLOT, digits)


def to_json(document: Any) -> bytes:
    return json.dumps(document, separators=(",", ":")).encode()


def server_event(document: Any, kind: str | None = None) -> bytes:
    """`kind` is the event's name, where the dialect names its events."""
    data = b"data: " + to_json(document) + b"\n\n"
    return data if kind is None else b"event: " + kind.encode() + b"\n" + data


class Template:
    """A frame that is sent over and over, each time with another text."""

    def __init__(self, frame: bytes) -> None:
        self._before, _, self._after = frame.partition(to_json(TEXT_SLOT))

    def filled(self, text: str) -> bytes:
        return self._before + to_json(text) + self._after
