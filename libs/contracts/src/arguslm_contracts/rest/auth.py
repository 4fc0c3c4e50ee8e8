"""Signing in, accounts and API keys."""

from datetime import datetime
from uuid import UUID

from pydantic import Field, SecretStr

from arguslm_contracts.events.accounts import Role
from arguslm_contracts.rest.base import Command, Shape


class LoginRequest(Command):
    """Either `username` and `password`, or the one-time `login_token` of a login link."""

    username: str | None = None
    password: SecretStr | None = None
    login_token: SecretStr | None = None


class RefreshRequest(Command):
    refresh_token: SecretStr | None = None


class LoginResponse(Shape):
    """A session. Browsers also get it as an HttpOnly cookie."""

    access_token: str
    refresh_token: str
    token_type: str = "bearer"
    expires_in_s: int
    username: str
    role: Role


class WhoAmI(Shape):
    username: str
    role: Role
    kind: str = Field(description="account, api-key or login-link")


class LoginLinkResponse(Shape):
    url: str
    expires_in_s: int


class ApiKeyCreate(Command):
    name: str = Field(min_length=1, max_length=100)
    role: Role = "viewer"
    expires_at: datetime | None = None


class ApiKeyResponse(Shape):
    id: UUID
    name: str
    role: Role
    hint: str
    created_at: datetime
    expires_at: datetime | None = None


class ApiKeyCreated(ApiKeyResponse):
    """The only answer that ever holds the key itself."""

    key: str


class ApiKeyList(Shape):
    items: list[ApiKeyResponse]


class AccountCreate(Command):
    username: str = Field(min_length=1, max_length=100, pattern=r"^[A-Za-z0-9._@-]+$")
    password: SecretStr = Field(min_length=10)
    role: Role = "viewer"


class AccountUpdate(Command):
    password: SecretStr | None = Field(default=None, min_length=10)
    role: Role | None = None
    enabled: bool | None = None


class AccountResponse(Shape):
    id: UUID
    username: str
    role: Role
    enabled: bool
    revision: int = 1
    created_at: datetime


class AccountList(Shape):
    items: list[AccountResponse]
