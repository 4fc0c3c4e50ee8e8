"""A POST may come twice: a client that heard no answer sends it again under the same key."""

import json
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from typing import Self
from uuid import UUID, uuid4

from arguslm_contracts.identity import derive
from arguslm_query_api.auth.principal import Holder


@dataclass(frozen=True, slots=True)
class Attempt:
    """`id` is the id of what the request makes: random, or with an idempotency key always the one
    of this caller, path and key. `asks` is a digest of the body; None without a key."""

    id: UUID
    asks: str | None

    @classmethod
    def once(cls) -> Self:
        return cls(uuid4(), None)

    @classmethod
    def under_key(cls, key: str, holder: Holder, path: str, body: bytes) -> Self:
        return cls(derive("idempotent", holder, path, key), _digest(body))


def _digest(body: bytes) -> str:
    """Equal for equal JSON, however it is spaced and ordered."""
    with suppress(ValueError, RecursionError):
        body = json.dumps(json.loads(body), sort_keys=True).encode()
    return sha256(body).hexdigest()
