"""What LiteLLM's errors tell: the transport's failure beneath them, a refused login, or what the
provider said."""

import socket
import ssl

import httpx

from arguslm_contracts.outcomes import Outcome
from arguslm_egress.policy import EgressBlocked
from arguslm_llm.cannot_build import CannotBuild
from arguslm_llm.decoders.transcript import ProviderError

# What lies beneath LiteLLM's error when there was no response; the most telling first.
_CAUSES: tuple[tuple[type[BaseException], Outcome], ...] = (
    (EgressBlocked, Outcome.BLOCKED_BY_POLICY),
    (socket.gaierror, Outcome.DNS),
    (ssl.SSLError, Outcome.TLS),
    (ConnectionRefusedError, Outcome.REFUSED),
    (ConnectionError, Outcome.DISCONNECTED),
    (httpx.TimeoutException, Outcome.TIMEOUT_TOTAL),
    (TimeoutError, Outcome.TIMEOUT_TOTAL),
    (httpx.ConnectError, Outcome.REFUSED),
    (httpx.RemoteProtocolError, Outcome.DISCONNECTED),
)


def failure_of(error: Exception) -> Outcome | None:
    """The transport's failure beneath LiteLLM's error; None when the provider had answered.

    The status that LiteLLM gives its errors proves nothing: a refused connection is a 500 to it,
    with a response it made up. Only the HTTP clients beneath it know.
    """
    if any(_tells_of_a_response(each) for each in chain_of(error)):
        return None
    if (failure := transport_failure(error)) is not None:
        return failure
    answered = type(error).__name__ != "APIConnectionError" and hasattr(error, "status_code")
    return None if answered else Outcome.MONITOR_ERROR


def transport_failure(error: Exception) -> Outcome | None:
    """What no answer came for, if that is what lies beneath an error."""
    beneath = chain_of(error)
    found = (
        outcome for kind, outcome in _CAUSES if any(isinstance(each, kind) for each in beneath)
    )
    return next(found, None)


def _tells_of_a_response(error: BaseException) -> bool:
    by_a_client = type(error).__module__.partition(".")[0] in ("httpx", "openai")
    return by_a_client and isinstance(getattr(error, "response", None), httpx.Response)


def chain_of(error: BaseException) -> list[BaseException]:
    """The error, what caused it, and so on down."""
    found: list[BaseException] = []
    beneath: BaseException | None = error
    while beneath is not None and beneath not in found:
        found.append(beneath)
        beneath = beneath.__cause__ or beneath.__context__
    return found


def provider_error(error: Exception) -> ProviderError:
    """What a provider said, in LiteLLM's words."""
    return ProviderError(
        type=type(error).__name__,
        code=getattr(error, "code", None) if isinstance(getattr(error, "code", 0), str) else None,
        message=first_line(error),
    )


def first_line(error: BaseException) -> str:
    """What an error says, without the traces that LiteLLM appends."""
    text = str(getattr(error, "message", None) or error).strip()
    return text.splitlines()[0] if text else type(error).__name__


def not_let_in(error: Exception) -> CannotBuild | None:
    """What became of logging in, where a client of the vendor's does that while LiteLLM builds:
    Google's tells apart who may try again from whom it does not know."""
    if (failure := transport_failure(error)) is not None:
        return CannotBuild(failure, f"logging in: {first_line(chain_of(error)[-1])}")
    for beneath in chain_of(error):
        if type(beneath).__module__ == "google.auth.exceptions":
            again = getattr(beneath, "retryable", False)
            outcome = Outcome.SERVER_ERROR if again else Outcome.AUTH
            said = beneath.args[0] if beneath.args else type(beneath).__name__
            return CannotBuild(outcome, f"logging in: {said}")
    return None
