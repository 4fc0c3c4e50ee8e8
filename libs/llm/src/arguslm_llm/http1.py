"""HTTP/1.1 without sockets: requests to bytes, bytes to responses. Times nothing, waits for
nothing; the wire feeds it."""

import re
import zlib
from dataclasses import dataclass, field
from importlib.metadata import version
from urllib.parse import urlsplit

from arguslm_llm.content_coding import Decompressor, decompressor_of

MAX_HEAD_BYTES = 64 * 1024
MAX_BODY_BYTES = 16 * 1024 * 1024
_MAX_CHUNK_LINE_BYTES = 1024
_CHUNK_SIZE = re.compile(rb"^[0-9a-fA-F]{1,8}$")
_LENGTH = re.compile(r"^[0-9]{1,18}$")
_HEADER_NAME = re.compile(r"^[!#$%&'*+.^_`|~0-9A-Za-z-]+$")
_DEFAULT_PORTS = {"http": 80, "https": 443}
_OURS = frozenset(
    {
        *("host", "content-length", "connection", "accept-encoding", "transfer-encoding"),
        *("proxy-authorization", "user-agent"),
    }
)
_WHO_ASKS = f"User-Agent: ArgusLM/{version('arguslm-llm')}"


class ProtocolError(Exception):
    """The peer does not speak HTTP/1.1, or says more than we are willing to hear."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Whom a connection leads to."""

    scheme: str
    host: str
    port: int


@dataclass(frozen=True, slots=True)
class WireRequest:
    """A request ready to be sent. Its headers may hold a key, so the repr hides them."""

    method: str
    url: str = field(repr=False)
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    body: bytes = field(default=b"", repr=False)

    @property
    def origin(self) -> Origin:
        """Raises ProtocolError for a URL that is not absolute http or https."""
        return origin_of(self.url)

    def encoded(self, *, for_proxy: bool = False, proxy_authorization: str | None = None) -> bytes:
        """The bytes of the request, to the origin or to a proxy that passes it on. Host,
        Content-Length, Connection, User-Agent and Accept-Encoding are ours: a compressed stream
        would hide when its tokens arrived. Raises ProtocolError for what HTTP cannot carry."""
        parts = urlsplit(self.url)
        target = parts.path or "/"
        if parts.query:
            target += f"?{parts.query}"
        if for_proxy:
            target = f"http://{_host_header(self.origin)}{target}"
        lines = [f"{self.method} {target} HTTP/1.1", f"Host: {_host_header(self.origin)}"]
        for name, value in self.headers:
            if name.lower() in _OURS:
                continue
            if not _HEADER_NAME.match(name) or "\r" in value or "\n" in value:
                raise ProtocolError(f"header {name!r} cannot be sent")
            lines.append(f"{name}: {value}")
        if proxy_authorization:
            lines.append(f"Proxy-Authorization: {proxy_authorization}")
        lines += [_WHO_ASKS, "Accept-Encoding: identity", "Connection: keep-alive"]
        if self.body or self.method != "GET":
            lines.append(f"Content-Length: {len(self.body)}")
        try:
            head = "\r\n".join(lines).encode("latin-1")
        except UnicodeEncodeError as error:
            raise ProtocolError("a header holds characters that HTTP cannot carry") from error
        return head + b"\r\n\r\n" + self.body


def origin_of(url: str) -> Origin:
    """The origin of an absolute http(s) URL. Raises ProtocolError for anything else."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise ProtocolError("the address is no URL") from error
    if parts.scheme not in _DEFAULT_PORTS or not parts.hostname:
        raise ProtocolError("the address is no http or https URL")
    return Origin(parts.scheme, parts.hostname, port or _DEFAULT_PORTS[parts.scheme])


def host_and_port(origin: Origin) -> str:
    """Both, as a proxy is told."""
    host = f"[{origin.host}]" if ":" in origin.host else origin.host
    return f"{host}:{origin.port}"


def _host_header(origin: Origin) -> str:
    where = host_and_port(origin)
    return where.removesuffix(f":{_DEFAULT_PORTS[origin.scheme]}")


def _refuse_endless_head(length: int) -> None:
    if length > MAX_HEAD_BYTES:
        raise ProtocolError(f"the answer's headers are longer than {MAX_HEAD_BYTES} bytes")


def _one_whole_chunk(data: bytes) -> bytes:
    """The body of a chunk that is all there is, its size in the digits that nearly everybody uses:
    so comes nearly every token. Else nothing."""
    end = data.find(b"\r\n", 0, 10)
    if end > 0 and data.endswith(b"\r\n"):
        body = data[end + 2 : -2]
        if data.startswith(b"%x\r\n" % len(body)):
            return body
    return b""


class ResponseParser:
    """Reads one response, fed in any pieces. After `headers_complete`, `status` and `headers`
    (names in lower case, repeated ones joined by ", ") hold; after `complete`, all is read."""

    def __init__(self, *, max_body_bytes: int = MAX_BODY_BYTES) -> None:
        self.status = 0
        self.headers: dict[str, str] = {}
        self.headers_complete = False
        self.complete = False
        self.reusable = False
        self._max_body_bytes = max_body_bytes
        self._body_bytes = 0
        self._decompressor: Decompressor | None = None
        self._pending = b""
        self._chunked = False
        self._until_close = False
        self._left = 0
        self._line_end_due = False
        self._in_trailers = False
        self._at_chunk = False
        """Nothing is left of what was fed; a chunk comes next, or the last one."""

    def feed(self, data: bytes) -> bytes:
        """Takes what was received and gives the body bytes in it, framing and compression
        removed.

        Raises:
            ProtocolError: not HTTP/1.1, or over a limit.
        """
        if self._at_chunk and (body := _one_whole_chunk(data)):
            return self._counted(body)
        if self.complete:
            self.reusable = self.reusable and not data
            return b""
        if not self.headers_complete:
            data = self._read_head(self._pending + data)
            if not self.headers_complete:
                return b""
        body = self._read_body(data)
        if self._decompressor is not None and body:
            body = self._decompressed(self._decompressor, body)
        within = self._left or self._pending or self._line_end_due or self._in_trailers
        self._at_chunk = self._chunked and self._decompressor is None and not within
        return self._counted(body)

    def _counted(self, body: bytes) -> bytes:
        self._body_bytes += len(body)
        if self._body_bytes > self._max_body_bytes:
            raise ProtocolError(f"the body is longer than {self._max_body_bytes} bytes")
        return body

    def _decompressed(self, decompressor: Decompressor, body: bytes) -> bytes:
        try:
            return decompressor.feed(body, self._max_body_bytes - self._body_bytes)
        except zlib.error as error:
            raise ProtocolError("the answer's compression is broken") from error

    def feed_eof(self) -> None:
        """The peer closed. Only a body that ends with the connection is complete by this."""
        self.reusable = False
        if self.headers_complete and self._until_close:
            self.complete = True

    def _read_head(self, data: bytes) -> bytes:
        """Gives what follows the head, or keeps it all when the head is not whole yet."""
        while True:
            end = data.find(b"\r\n\r\n")
            if end < 0:
                _refuse_endless_head(len(data))
                if not b"HTTP/1.".startswith(data[:7]):
                    raise ProtocolError("the answer does not begin with an HTTP/1.1 head")
                self._pending = data
                return b""
            _refuse_endless_head(end)
            head, data = data[:end], data[end + 4 :]
            self._parse_head(head)
            if self.status >= 200:
                break
        self._pending = b""
        self.headers_complete = True
        self._choose_framing()
        return data

    def _parse_head(self, head: bytes) -> None:
        lines = head.decode("latin-1").split("\r\n")
        version, _, rest = lines[0].partition(" ")
        code = rest[:3]
        if (
            version not in ("HTTP/1.1", "HTTP/1.0")
            or not code.isdecimal()
            or code[0] not in "12345"
        ):
            raise ProtocolError("the answer does not begin with an HTTP/1.1 status line")
        self.status = int(code)
        self.headers = {}
        for line in lines[1:]:
            name, colon, value = line.partition(":")
            if not colon or not _HEADER_NAME.match(name):
                raise ProtocolError("the answer holds a malformed header")
            key, value = name.lower(), value.strip()
            self.headers[key] = f"{self.headers[key]}, {value}" if key in self.headers else value
        wishes_to_close = "close" in self.headers.get("connection", "").lower()
        self.reusable = version == "HTTP/1.1" and not wishes_to_close

    def _choose_framing(self) -> None:
        encoding = self.headers.get("transfer-encoding", "").lower()
        length = self.headers.get("content-length")
        self._decompressor = decompressor_of(self.headers.get("content-encoding", ""))
        if self.status in (204, 304):
            self.complete = True
        elif encoding:
            if encoding != "chunked":
                raise ProtocolError(f"unknown transfer encoding {encoding!r}")
            self._chunked = True
            self.reusable = self.reusable and length is None  # both: somebody is confused
        elif length is not None:
            values = {part.strip() for part in length.split(",")}
            if len(values) != 1 or not _LENGTH.match(value := values.pop()):
                raise ProtocolError("the answer's Content-Length is no number")
            self._left = int(value)
            self.complete = self._left == 0
        else:
            self._until_close = True
            self.reusable = False

    def _read_body(self, data: bytes) -> bytes:
        if self._chunked:
            return self._read_chunked(data)
        if self._until_close:
            return data
        body = data[: self._left]
        self._left -= len(body)
        self.complete = self._left == 0
        if len(body) < len(data):
            self.reusable = False
        return body

    def _read_chunked(self, data: bytes) -> bytes:
        if self._pending:
            data = self._pending + data
            self._pending = b""
        pieces: list[bytes] = []
        at = 0
        while at < len(data) and not self.complete:
            if self._left:
                piece = data[at : at + self._left]
                pieces.append(piece)
                at += len(piece)
                self._left -= len(piece)
                self._line_end_due = self._left == 0
                continue
            end = data.find(b"\r\n", at)
            if end < 0:
                self._pending = data[at:]
                if len(self._pending) > _MAX_CHUNK_LINE_BYTES:
                    raise ProtocolError("the answer holds an endless chunk line")
                break
            self._read_chunk_line(data[at:end])
            at = end + 2
        if at < len(data) and self.complete:
            self.reusable = False
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    def _read_chunk_line(self, line: bytes) -> None:
        if self._line_end_due:
            if line:
                raise ProtocolError("a chunk is longer than it says")
            self._line_end_due = False
        elif self._in_trailers:
            self.complete = not line
        else:
            size = line.split(b";", 1)[0].strip()
            if not _CHUNK_SIZE.match(size):
                raise ProtocolError("a chunk's size is no number")
            self._left = int(size, 16)
            self._in_trailers = self._left == 0
