"""What lies beneath an error of LiteLLM's while it logs in for us."""

import socket
from itertools import pairwise
from types import SimpleNamespace

import httpx
import pytest
from google.auth.exceptions import RefreshError, TransportError

from arguslm_contracts.outcomes import Outcome
from arguslm_llm import litellm_gate
from arguslm_llm.endpoint import Endpoint
from arguslm_llm.litellm_errors import not_let_in
from arguslm_llm.request import _why


def wrapped(*errors: Exception) -> Exception:
    """Each caused by the next, as LiteLLM hands it on: the first."""
    for above, beneath in pairwise(errors):
        above.__cause__ = beneath
    return errors[0]


@pytest.mark.parametrize(
    ("beneath", "outcome", "told"),
    [
        ([RefreshError("no such account")], Outcome.AUTH, "no such account"),
        ([RefreshError("busy", retryable=True)], Outcome.SERVER_ERROR, "busy"),
        ([TransportError("x"), socket.gaierror(-2, "unknown name")], Outcome.DNS, "unknown name"),
        ([TransportError("x"), ConnectionRefusedError("nobody")], Outcome.REFUSED, "nobody"),
    ],
)
def test_a_login_that_failed_is_told_from_a_request_that_cannot_be_made(
    beneath: list[Exception], outcome: Outcome, told: str
) -> None:
    found = not_let_in(wrapped(RuntimeError("litellm.APIConnectionError"), *beneath))
    assert found is not None
    assert found.outcome is outcome
    assert found.message.startswith("logging in: ")
    assert told in found.message


@pytest.mark.parametrize("said", [litellm_gate.NOT_SENT, litellm_gate.NOT_TOLD])
def test_what_the_gate_kept_back_is_no_login_however_deep_it_lies(said: str) -> None:
    kept_back = wrapped(RuntimeError("Connection error."), httpx.ConnectError(said))
    found = _why(kept_back, Endpoint("openai"), SimpleNamespace(UnsupportedParamsError=TypeError))
    assert found.outcome is Outcome.UNSUPPORTED


def test_what_was_no_login_is_left_to_others() -> None:
    assert not_let_in(wrapped(RuntimeError("litellm"), ValueError("no such parameter"))) is None
