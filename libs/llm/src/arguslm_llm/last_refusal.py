"""How LiteLLM was last refused on connections of its own: logging in, or asking by itself.

What LiteLLM makes of a refusal is not to be relied on: some of its providers turn a 402 into a 500,
and a key that does not log in into a request that could not be made.
"""

from contextvars import ContextVar
from dataclasses import dataclass, field

import httpx

from arguslm_llm.decoders.errors import error_body
from arguslm_llm.decoders.transcript import ProviderError


@dataclass(slots=True)
class LastRefusal:
    """`status` is None while the last answer was none."""

    status: int | None = None
    headers: dict[str, str] = field(default_factory=dict)
    _body: bytes = b""

    @property
    def error(self) -> ProviderError:
        return error_body(self._body, self.headers)

    def hear(self, response: httpx.Response, body: bytes) -> None:
        """Take down an answer; only of a refusal is the body of interest."""
        self.status = response.status_code if response.is_error else None
        self.headers = {name.lower(): value for name, value in response.headers.items()}
        self._body = body


listening: ContextVar[LastRefusal | None] = ContextVar("listening", default=None)
"""Who is told of the answers in this context."""


async def heard(response: httpx.Response) -> httpx.Response:
    """The same response, told to whoever listens."""
    if (listener := listening.get()) is not None:
        listener.hear(response, await response.aread() if response.is_error else b"")
    return response


def heard_blocking(response: httpx.Response) -> httpx.Response:
    """As `heard`."""
    if (listener := listening.get()) is not None:
        listener.hear(response, response.read() if response.is_error else b"")
    return response
