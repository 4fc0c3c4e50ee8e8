"""ArgusLM: watch LLM endpoints from Python and from the command line.

    from arguslm import ArgusLMClient

    with ArgusLMClient() as client:
        for card in client.get_overview().items:
            print(card.name, card.state, card.ttft_p50_ms)

Names are loaded when first used, so that `import arguslm` and the command line start quickly.
"""

from importlib import import_module
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from arguslm.client import ArgusLMClient, AsyncArgusLMClient
    from arguslm.errors import (
        ApiError,
        ArgusLMError,
        BadRequest,
        Conflict,
        ConnectionFailed,
        Forbidden,
        NotFound,
        NotYetVisible,
        RateLimited,
        ServerError,
        TimedOut,
        Unauthorized,
        UnexpectedAnswer,
        ValidationFailed,
    )
    from arguslm.events import EventSubscriber

_HOMES = {
    "ArgusLMClient": "arguslm.client",
    "AsyncArgusLMClient": "arguslm.client",
    "EventSubscriber": "arguslm.events",
}

__all__ = [
    "ApiError",
    "ArgusLMClient",
    "ArgusLMError",
    "AsyncArgusLMClient",
    "BadRequest",
    "Conflict",
    "ConnectionFailed",
    "EventSubscriber",
    "Forbidden",
    "NotFound",
    "NotYetVisible",
    "RateLimited",
    "ServerError",
    "TimedOut",
    "Unauthorized",
    "UnexpectedAnswer",
    "ValidationFailed",
    "__version__",
]


def __getattr__(name: str) -> Any:
    if name == "__version__":
        return version("arguslm")
    if name in __all__:
        return getattr(import_module(_HOMES.get(name, "arguslm.errors")), name)
    raise AttributeError(f"module 'arguslm' has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
