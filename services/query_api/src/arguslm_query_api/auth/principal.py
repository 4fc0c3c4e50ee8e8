"""Who asks: a person's session, a login link's session or an API key."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from arguslm_contracts.events.accounts import Role

_RANK: dict[Role, int] = {"viewer": 0, "operator": 1, "admin": 2}


@dataclass(frozen=True, slots=True)
class Holder:
    """What a right to enter comes from: an account, or an API key. `revision` is the account's;
    a session of an older revision has ended."""

    kind: Literal["account", "api-key"]
    id: UUID
    revision: int

    def __str__(self) -> str:
        return f"{self.kind}:{self.id}"


@dataclass(frozen=True, slots=True)
class Session:
    """A signed-in session: all its tokens carry `id`, and none outlives `expires_at`."""

    id: UUID
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Principal:
    """`name` stands as the actor in every event that this principal causes."""

    kind: Literal["account", "api-key", "login-link"]
    holder: Holder
    name: str
    role: Role
    session: Session | None = None

    def may(self, role: Role) -> bool:
        """Whether its role is `role` or above."""
        return _RANK[self.role] >= _RANK[role]
