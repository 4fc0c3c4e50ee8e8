"""One-time login tokens: kept as hashes in this process, used once, for a quarter of an hour.

A link has to be opened at the replica that made it; whoever needs more makes an account.
"""

import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from arguslm_query_api.auth.keys import hash_key
from arguslm_query_api.auth.principal import Holder

LIFETIME = timedelta(minutes=15)
_MOST = 1_000


@dataclass(frozen=True, slots=True)
class _Link:
    holder: Holder
    expires_at: datetime


class LoginLinks:
    def __init__(self) -> None:
        self._links: dict[str, _Link] = {}

    def create(self, holder: Holder) -> str:
        """A token that signs in once with the rights of `holder`."""
        self._forget_old()
        token = secrets.token_urlsafe(32)
        self._links[hash_key(token)] = _Link(holder, datetime.now(UTC) + LIFETIME)
        return token

    def redeem(self, token: str) -> Holder | None:
        """Whose rights the token gives; None when it is unknown, used or too old."""
        link = self._links.pop(hash_key(token), None)
        if link is None or link.expires_at < datetime.now(UTC):
            return None
        return link.holder

    def _forget_old(self) -> None:
        now = datetime.now(UTC)
        alive = [item for item in self._links.items() if item[1].expires_at >= now]
        self._links = dict(alive[-(_MOST - 1) :])
