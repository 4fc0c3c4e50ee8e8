"""Headers read in one go: nats-py's own way costs as much as decoding the event."""

import re

from nats.aio.client import Client

_VERSION_LINE = b"NATS/1.0\r\n"
# Blanks that nats-py strips, or takes for a fault.
_UNUSUAL = re.compile(":  | :| $")


class QuickClient(Client):
    """nats-py's client; headers of the form that everybody writes are split at once."""

    async def _process_headers(self, headers: bytes) -> dict[str, str] | None:
        quick = split_headers(headers)
        return await super()._process_headers(headers) if quick is None else quick


def split_headers(headers: bytes) -> dict[str, str] | None:
    """Name -> value; None when nats-py has to look at it: a status, blanks, or what is no ASCII."""
    if not headers or not headers.startswith(_VERSION_LINE) or not headers.isascii():
        return None
    lines = headers[len(_VERSION_LINE) :].decode().rstrip("\r\n").split("\r\n")
    # With one blank to a line, it is the one between name and value.
    usual = headers.count(b" ") == len(lines) or not any(map(_UNUSUAL.search, lines))
    if not usual or b"\t" in headers:
        return None
    try:
        return dict([line.split(": ", 1) for line in lines])
    except ValueError:
        return None
