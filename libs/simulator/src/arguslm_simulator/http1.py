"""The part of HTTP/1.1 a simulator needs: requests with a length in, bytes of a response out."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import parse_qsl

MAX_HEAD_BYTES = 64 * 1024
MAX_BODY_BYTES = 16 * 1024 * 1024

# The first byte of a client that speaks TLS: it would wait for ever for an answer to that.
_TLS_HANDSHAKE = b"\x16"

LAST_CHUNK = b"0\r\n\r\n"


class MalformedRequest(Exception):
    """A request that cannot be read; the connection is of no further use."""

    def __init__(self, status: HTTPStatus, message: str) -> None:
        super().__init__(message)
        self.status = status


@dataclass(frozen=True, slots=True)
class Request:
    """`headers` have lower-case names; `target` is the path as sent, with its query."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes
    keep_alive: bool

    @property
    def path(self) -> str:
        return self.target.partition("?")[0]

    @property
    def query(self) -> Mapping[str, str]:
        """The last of each name counts."""
        return dict(parse_qsl(self.target.partition("?")[2], keep_blank_values=True))


class RequestReader:
    """Cuts a byte stream into requests. `on_expect_continue` is called when a client waits for
    permission to send its body."""

    def __init__(self, on_expect_continue: Callable[[], None]) -> None:
        self._buffer = bytearray()
        self._head: Request | None = None
        self._length = 0
        self._on_expect_continue = on_expect_continue

    def feed(self, data: bytes) -> None:
        self._buffer += data

    def next_request(self) -> Request | None:
        """The next complete request, or None until more bytes come; raises `MalformedRequest`."""
        if self._head is None and not self._read_head():
            return None
        head = self._head
        if head is None or len(self._buffer) < self._length:
            return None
        body = bytes(self._buffer[: self._length])
        del self._buffer[: self._length]
        self._head = None
        return Request(head.method, head.target, head.headers, body, head.keep_alive)

    def _read_head(self) -> bool:
        if self._buffer[:1] == _TLS_HANDSHAKE:
            raise MalformedRequest(HTTPStatus.BAD_REQUEST, "This port speaks HTTP, not HTTPS.")
        end = self._buffer.find(b"\r\n\r\n")
        if max(end, len(self._buffer) if end < 0 else 0) > MAX_HEAD_BYTES:
            raise MalformedRequest(
                HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, "The request head is too large."
            )
        if end < 0:
            return False
        head = parse_head(bytes(self._buffer[:end]))
        self._length = body_length(head.headers)
        del self._buffer[: end + 4]
        self._head = head
        if head.headers.get("expect", "").lower() == "100-continue":
            self._on_expect_continue()
        return True


def parse_head(head: bytes) -> Request:
    """Request line and headers; raises `MalformedRequest`."""
    request_line, *lines = head.decode("latin-1").split("\r\n")
    parts = request_line.split(" ")
    if len(parts) != 3 or not parts[2].startswith("HTTP/1."):
        raise MalformedRequest(HTTPStatus.BAD_REQUEST, "The request line is not HTTP/1.1.")
    headers: dict[str, str] = {}
    for line in lines:
        name, colon, value = line.partition(":")
        if not colon or not name or name != name.strip():
            raise MalformedRequest(HTTPStatus.BAD_REQUEST, "A header line has no name.")
        headers[name.lower()] = value.strip()
    asked = headers.get("connection", "").lower()
    keep_alive = asked == "keep-alive" if parts[2] == "HTTP/1.0" else asked != "close"
    return Request(parts[0], parts[1], headers, b"", keep_alive)


def body_length(headers: Mapping[str, str]) -> int:
    """Bytes of the body that follows; raises `MalformedRequest`."""
    if "transfer-encoding" in headers:
        raise MalformedRequest(HTTPStatus.LENGTH_REQUIRED, "Send a Content-Length instead.")
    text = headers.get("content-length", "0")
    if not (text.isascii() and text.isdigit()):
        raise MalformedRequest(HTTPStatus.BAD_REQUEST, "Content-Length is not a number.")
    if int(text) > MAX_BODY_BYTES:
        raise MalformedRequest(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "The body is too large.")
    return int(text)


def response_head(status: int, content_type: str, headers: Mapping[str, str]) -> bytes:
    """A response head without its framing headers, which belong to the body's form."""
    lines = [f"HTTP/1.1 {status} {_phrase(status)}", f"content-type: {content_type}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return "\r\n".join(lines).encode("latin-1") + b"\r\n"


def with_length(head: bytes, body: bytes) -> bytes:
    return b"%scontent-length: %d\r\n\r\n%s" % (head, len(body), body)


def chunked(head: bytes) -> bytes:
    return head + b"transfer-encoding: chunked\r\n\r\n"


def chunk(data: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(data), data)


def _phrase(status: int) -> str:
    """Some vendors have statuses of their own."""
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Own Status"
