"""Amazon's event-stream framing: messages of headers and JSON, with checksums over both."""

import struct
from typing import Any
from zlib import crc32

from arguslm_simulator.frames import STAMP_SLOT, to_json

_PRELUDE = struct.Struct(">II")
_CHECKSUM = struct.Struct(">I")
_STRING = 7


def _header(name: bytes, value: bytes) -> bytes:
    head = struct.pack(f">B{len(name)}sBH", len(name), name, _STRING, len(value))
    return head + value


# The stamp is the value of each message's first header, so it is always this far inside.
STAMP_HEADER = _header(b"sent-ns", STAMP_SLOT)
_STAMP_AT = _PRELUDE.size + _CHECKSUM.size + len(STAMP_HEADER) - len(STAMP_SLOT)
_JSON_HEADER = _header(b":content-type", b"application/json")


def event(kind: str, payload: Any) -> bytes:
    """A message of the answer."""
    return _message(_header(b":event-type", kind.encode()) + _JSON_HEADER, b"event", payload)


def exception(kind: str, payload: Any) -> bytes:
    """A message that ends the answer with an error."""
    headers = _header(b":exception-type", kind.encode()) + _JSON_HEADER
    return _message(headers, b"exception", payload)


def _message(headers: bytes, message_type: bytes, payload: Any) -> bytes:
    headers = STAMP_HEADER + headers + _header(b":message-type", message_type)
    body = to_json(payload)
    total = _PRELUDE.size + 2 * _CHECKSUM.size + len(headers) + len(body)
    prelude = _PRELUDE.pack(total, len(headers))
    message = prelude + _CHECKSUM.pack(crc32(prelude)) + headers + body
    return message + _CHECKSUM.pack(crc32(message))


def stamp(data: bytes, digits: bytes) -> bytes:
    """A message's last checksum covers its stamp, so it is made when that is known."""
    stamped = bytearray(data)
    at = stamped.find(STAMP_SLOT)
    while at >= 0:
        start = at - _STAMP_AT
        end = start + _PRELUDE.unpack_from(stamped, start)[0]
        stamped[at : at + len(digits)] = digits
        checksum_at = end - _CHECKSUM.size
        _CHECKSUM.pack_into(stamped, checksum_at, crc32(stamped[start:checksum_at]))
        at = stamped.find(STAMP_SLOT, end)
    return bytes(stamped)
