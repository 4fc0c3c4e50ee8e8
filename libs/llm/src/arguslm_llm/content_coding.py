"""Compressed bodies, read as they arrive: what a piece completes is given at once, so that it has
the stamp of that piece."""

import zlib

_GZIP = zlib.MAX_WBITS | 16
_ZLIB = zlib.MAX_WBITS
_RAW = -zlib.MAX_WBITS
_READABLE = ("gzip", "x-gzip", "deflate")


def is_readable(coding: str) -> bool:
    """Whether a body with this Content-Encoding reaches the decoders as the server meant it."""
    return coding.strip().lower() in ("", "identity", *_READABLE)


class Decompressor:
    """gzip, of any number of members, or deflate, with its wrapping or without."""

    def __init__(self, coding: str) -> None:
        self._gzip = "gzip" in coding
        self._first = b""
        self._inflating = zlib.decompressobj(_GZIP) if self._gzip else None

    def feed(self, data: bytes, limit: int) -> bytes:
        """What these bytes complete; of what is longer than `limit`, one byte more than it.

        Raises:
            zlib.error: no such compression.
        """
        if self._inflating is None:
            data = self._first + data
            if len(data) < 2:  # too little to know its form
                self._first = data
                return b""
            self._inflating = zlib.decompressobj(_ZLIB if _is_wrapped(data) else _RAW)
        given = self._inflating.decompress(data, limit + 1)
        while self._gzip and self._inflating.eof and len(given) <= limit:
            data = self._inflating.unused_data
            if not data:
                break
            self._inflating = zlib.decompressobj(_GZIP)
            given += self._inflating.decompress(data, limit + 1 - len(given))
        return given


def decompressor_of(coding: str) -> Decompressor | None:
    """None for a body that is not compressed, or in a way we cannot read."""
    coding = coding.strip().lower()
    return Decompressor(coding) if coding in _READABLE else None


def _is_wrapped(data: bytes) -> bool:
    """Whether it begins with the two bytes of a zlib stream."""
    return data[0] & 0x0F == 8 and int.from_bytes(data[:2]) % 31 == 0
