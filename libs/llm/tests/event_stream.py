"""Amazon's event-stream framing, the writing side: what a fixture's JSON is sent as."""

import json
import struct
from typing import Any
from zlib import crc32


def message(headers: dict[str, str], payload: Any) -> bytes:
    """One message: prelude, string headers, JSON payload, and the two checksums."""
    encoded = b"".join(
        struct.pack(f">B{len(name)}sBH{len(value)}s", len(name), name, 7, len(value), value)
        for name, value in ((n.encode(), v.encode()) for n, v in headers.items())
    )
    body = json.dumps(payload).encode()
    prelude = struct.pack(">II", 16 + len(encoded) + len(body), len(encoded))
    message = prelude + struct.pack(">I", crc32(prelude)) + encoded + body
    return message + struct.pack(">I", crc32(message))
