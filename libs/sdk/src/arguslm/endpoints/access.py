"""Who may come in: the session, API keys, accounts; and the server's health."""

from datetime import datetime

from arguslm.call import UNSET, Call, Id, Unset, body_of, changes, endpoint, nothing, path, shape
from arguslm_contracts.events.accounts import Role
from arguslm_contracts.rest import auth as shapes
from arguslm_contracts.rest.system import HealthResponse


class AccessEndpoints:
    @endpoint
    def whoami(self) -> Call[shapes.WhoAmI]:
        """Whose token this is."""
        return Call("GET", path("auth", "me"), shape(shapes.WhoAmI))

    @endpoint
    def create_login_link(self) -> Call[shapes.LoginLinkResponse]:
        """A link that signs one browser in, once."""
        return Call("POST", path("auth", "login-links"), shape(shapes.LoginLinkResponse), key=None)

    @endpoint
    def list_api_keys(self) -> Call[shapes.ApiKeyList]:
        return Call("GET", path("auth", "api-keys"), shape(shapes.ApiKeyList))

    @endpoint
    def create_api_key(
        self, name: str, *, role: Role = "viewer", expires_at: datetime | None = None
    ) -> Call[shapes.ApiKeyCreated]:
        """The answer holds the key; it is never shown again."""
        expiry = UNSET if expires_at is None else expires_at
        body = changes(shapes.ApiKeyCreate, None, name=name, role=role, expires_at=expiry)
        return Call("POST", path("auth", "api-keys"), shape(shapes.ApiKeyCreated), body=body)

    @endpoint
    def revoke_api_key(self, key_id: Id) -> Call[None]:
        return Call("DELETE", path("auth", "api-keys", key_id), nothing)

    @endpoint
    def list_accounts(self) -> Call[shapes.AccountList]:
        return Call("GET", path("accounts"), shape(shapes.AccountList))

    @endpoint
    def create_account(self, account: shapes.AccountCreate) -> Call[shapes.AccountResponse]:
        return Call("POST", path("accounts"), shape(shapes.AccountResponse), body=body_of(account))

    @endpoint
    def update_account(
        self,
        account_id: Id,
        update: shapes.AccountUpdate | None = None,
        *,
        password: str | Unset = UNSET,
        role: Role | Unset = UNSET,
        enabled: bool | Unset = UNSET,
        revision: int | None = None,
    ) -> Call[shapes.AccountResponse]:
        """Change only what is given."""
        body = changes(shapes.AccountUpdate, update, password=password, role=role, enabled=enabled)
        return Call(
            "PATCH",
            path("accounts", account_id),
            shape(shapes.AccountResponse),
            body=body,
            revision=revision,
        )

    @endpoint
    def delete_account(self, account_id: Id) -> Call[None]:
        return Call("DELETE", path("accounts", account_id), nothing)

    @endpoint
    def health(self) -> Call[HealthResponse]:
        """Needs no token. An unhealthy server (503) is an answer here, not an error."""
        return Call("GET", "/health", shape(HealthResponse), accepts=frozenset({503}))
