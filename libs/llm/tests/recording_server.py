"""A server on loopback that is every provider at once: it keeps what it is asked and answers in the
dialect of the address. Whatever name is looked up through its network leads to it."""

import json
import socket
import ssl
import threading
import time
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from event_stream import message

from arguslm_egress.name_lookup import Address
from arguslm_egress.policy import EgressPolicy
from arguslm_llm.decoders import Dialect, dialect_of

_FIXTURES = Path(__file__).parent / "fixtures"
_TLS_HANDSHAKE = 0x16
_BY_DIALECT = {
    Dialect.OPENAI: "openai.sse",
    Dialect.OPENAI_RESPONSES: "responses.sse",
    Dialect.ANTHROPIC: "anthropic.sse",
    Dialect.GEMINI: "gemini.sse",
    Dialect.OLLAMA: "ollama.ndjson",
    Dialect.COHERE: "cohere.sse",
    Dialect.BEDROCK: "bedrock.bin",
}


def _sse(*frames: Any) -> bytes:
    return b"".join(b"data: %b\n\n" % json.dumps(frame).encode() for frame in frames)


def _sagemaker(*frames: Any) -> bytes:
    part = {":message-type": "event", ":event-type": "PayloadPart"}
    return b"".join(message(part, frame) for frame in frames)


_TOKEN = {"token": {"text": "pong", "id": 1, "logprob": 0, "special": False}}
_OCI = {"message": {"role": "ASSISTANT", "content": [{"type": "TEXT", "text": "pong"}]}, "index": 0}
_OF_CHAT = {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "m"}
_CHAT = (
    {**_OF_CHAT, "choices": [{"index": 0, "delta": {"role": "assistant", "content": "pong"}}]},
    {**_OF_CHAT, "choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]},
)
# By a part of the path: dialects that only LiteLLM reads.
_BY_PATH: tuple[tuple[str, bytes], ...] = (
    ("/oauth", b""),
    ("/identity/token", b""),
    ("/v1/complete", _sse({"completion": "pong", "stop_reason": "stop_sequence"})),
    ("/actions/chat", _sse(_OCI, {"finishReason": "stop"})),
    ("/generation_stream", _sse({"results": [{"generated_text": "pong", "stop_reason": "eos"}]})),
    ("/chat_stream", _sse(*_CHAT)),
    ("/generation", b"pong"),
    ("/v2/models/", _sse({"text_output": "po"}, {"text_output": "ng"})),
    ("/generate_stream", _sse(_TOKEN, {**_TOKEN, "generated_text": "pong"})),
    ("/sagemaker_chat/", _sagemaker(*_CHAT)),
    ("/sagemaker_nova/", _sagemaker(*_CHAT)),
    ("/invocations-response-stream", _sagemaker(_TOKEN, {**_TOKEN, "generated_text": "pong"})),
    ("/models/v2/", b"pong"),
)


@dataclass(frozen=True)
class Asked:
    method: str
    host: str
    path: str
    headers: dict[str, str]

    @property
    def is_login(self) -> bool:
        return _is_login(self.path)


def _is_login(path: str) -> bool:
    return path.endswith(("/oauth", "/token"))


class RecordingServer:
    """`status` other than 200 is how every question is refused; logins are while nobody is let
    in, and take their time."""

    def __init__(self, certificate: Path) -> None:
        self.asked: list[Asked] = []
        self.status = 200
        self.lets_in = True
        self.login_takes_s = 0.0
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(certificate)
        self._server = _Server(("127.0.0.1", 0), _handler_of(self))
        self._server.tls = tls
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def answer(self, path: str) -> tuple[int, str, bytes]:
        """Status, content type and body for a question."""
        if _is_login(path):
            time.sleep(self.login_takes_s)
        if _is_login(path) and not self.lets_in:
            return 401, "application/json", b'{"error": "no such key"}'
        if _is_login(path):
            soon = int(time.time()) + 3600
            login = {"access_token": "t", "expires_in": 3600, "expires_at": soon * 1000}
            return 200, "application/json", json.dumps({**login, "expiration": soon}).encode()
        if self.status != 200:
            return self.status, "application/json", b'{"error": {"message": "refused"}}'
        for part, body in _BY_PATH:
            if part in path:
                return 200, "text/event-stream", body
        dialect = dialect_of(f"http://x{path}")
        if dialect is None:
            return 404, "application/json", b'{"error": {"message": "nobody is asked here"}}'
        return 200, "text/event-stream", (_FIXTURES / _BY_DIALECT[dialect]).read_bytes()


@dataclass(frozen=True, slots=True)
class LeadingTo(EgressPolicy):
    """Every host is the recording server, whatever its name; none is looked up."""

    server_port: int = 0

    async def resolve(self, host: str, port: int) -> list[Address]:
        return self.resolve_blocking(host, port)

    def resolve_blocking(self, host: str, port: int) -> list[Address]:
        return [(socket.AF_INET, "127.0.0.1", self.server_port)]


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    tls: ssl.SSLContext

    def get_request(self) -> tuple[Any, Any]:
        sock, address = super().get_request()
        if sock.recv(1, socket.MSG_PEEK)[:1] == bytes([_TLS_HANDSHAKE]):
            sock = self.tls.wrap_socket(sock, server_side=True)
        return sock, address


def _handler_of(recorder: RecordingServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_GET(self) -> None:
            self.rfile.read(int(self.headers.get("content-length", 0)))
            path = urlsplit(self.path).path
            headers = {name.lower(): value for name, value in self.headers.items()}
            recorder.asked.append(Asked(self.command, headers["host"], path, headers))
            status, kind, body = recorder.answer(path)
            self.send_response(status)
            self.send_header("content-type", kind)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_POST = do_GET  # noqa: N815 - the base class calls it so

        def log_message(self, *_: object) -> None:
            """A test's server says nothing."""

    return Handler
