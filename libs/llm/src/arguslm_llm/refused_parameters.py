"""What an endpoint has refused of our requests, and is not sent again.

LiteLLM goes by names. Behind a name that somebody made up (an Azure deployment, a gateway's alias)
may be a model that takes other parameters, a server may be older than the ones we send, and some
models stream to nobody, or only to whom their vendor has verified.
"""

import re
from collections import OrderedDict

from arguslm_contracts.measurement import Evidence
from arguslm_llm.endpoint import Endpoint

_REFUSED = re.compile(
    r"unsupported|(\bnot|n.t) (be )?(support|permit|allow|recogni[sz])|unrecognized|unexpected"
    r"|must be verified",
    re.IGNORECASE,
)
# What can be asked for in another way, or left out without the question being another one.
_NAMED = {
    "max_tokens": re.compile(r"\bmax_tokens\b"),
    "stream_options": re.compile(r"\bstream_options\b"),
    "reasoning_effort": re.compile(r"\breasoning_effort\b"),
    "stream": re.compile(
        r"verified to stream|\bstreaming (is )?(not|un)|\bsupport (response )?streaming\b",
        re.IGNORECASE,
    ),
}
_MOST_ENDPOINTS = 4096


def named_in(evidence: Evidence) -> list[str]:
    """The parameters of which a refusal says that they are not taken."""
    message = evidence.message or ""
    if evidence.http_status not in (400, 422) or not _REFUSED.search(message):
        return []
    return [name for name, words in _NAMED.items() if words.search(message)]


class RefusedParameters:
    """In memory: who starts anew learns anew."""

    def __init__(self) -> None:
        self._known: OrderedDict[object, frozenset[str]] = OrderedDict()

    def of(self, endpoint: Endpoint) -> frozenset[str]:
        return self._known.get(_key(endpoint), frozenset())

    def add(self, endpoint: Endpoint, name: str) -> None:
        self._known[_key(endpoint)] = self.of(endpoint) | {name}
        while len(self._known) > _MOST_ENDPOINTS:
            self._known.popitem(last=False)


def _key(endpoint: Endpoint) -> object:
    return endpoint.provider_type, endpoint.base_url, endpoint.model
