"""ACCOUNTS: who may come in. As in REGISTRY, each event carries the whole state after it."""

from datetime import datetime
from typing import ClassVar, Literal
from uuid import UUID

from arguslm_contracts.events.registry import RegistryEvent
from arguslm_contracts.record import Record

Role = Literal["viewer", "operator", "admin"]


class Account(Record):
    """A person who signs in. `password_hash` is scrypt with its parameters and salt."""

    account_id: UUID
    username: str
    role: Role
    password_hash: str
    enabled: bool = True
    created_at: datetime


class ApiKey(Record):
    """A program's key; `key_hash` is the SHA-256 of a random 256-bit key, `hint` its last 4."""

    key_id: UUID
    name: str
    role: Role
    key_hash: str
    hint: str
    created_at: datetime
    expires_at: datetime | None = None


class _AccountState(RegistryEvent):
    account: Account

    @property
    def key(self) -> str:
        return str(self.account.account_id)


class AccountCreated(_AccountState):
    """A person may sign in."""

    name: ClassVar[str] = "account.created"


class AccountUpdated(_AccountState):
    """Another role, another password, enabled or not: `changed` names what."""

    name: ClassVar[str] = "account.updated"
    changed: tuple[str, ...] = ()


class AccountRemoved(RegistryEvent):
    """The person may no longer sign in."""

    name: ClassVar[str] = "account.removed"
    account_id: UUID

    @property
    def key(self) -> str:
        return str(self.account_id)


class SessionEnded(RegistryEvent):
    """A session was signed out, or its refresh token was used twice. Its tokens are refused from
    now on; after `expires_at` they would have expired by themselves."""

    name: ClassVar[str] = "account.session-ended"
    once: ClassVar[bool] = True
    session_id: UUID
    expires_at: datetime

    @property
    def key(self) -> str:
        return str(self.session_id)


class ApiKeyCreated(RegistryEvent):
    """A program may come in. The key itself is shown once and stored nowhere."""

    name: ClassVar[str] = "api-key.created"
    api_key: ApiKey

    @property
    def key(self) -> str:
        return str(self.api_key.key_id)


class ApiKeyRevoked(RegistryEvent):
    """The key is refused from now on."""

    name: ClassVar[str] = "api-key.revoked"
    key_id: UUID

    @property
    def key(self) -> str:
        return str(self.key_id)
