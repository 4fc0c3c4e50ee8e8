"""The three ways to a session: a password, a login link, a refresh token."""

from uuid import UUID, uuid4

from arguslm_contracts.rest.auth import LoginResponse
from arguslm_query_api.auth.principal import Holder, Principal
from arguslm_query_api.auth.tokens import ACCESS_LIFETIME, SessionKind
from arguslm_query_api.door import Door
from arguslm_query_api.reads import accounts
from arguslm_query_api.refusals import Invalid, NotSignedIn


async def with_password(door: Door, username: str, password: str) -> LoginResponse:
    """Takes as long for a user nobody knows as for a wrong password.

    Raises:
        NotSignedIn: wrong, unknown or disabled; which of them is not said.
    """
    if not username or not password:
        raise Invalid("give username and password, or a login_token")
    async with door.database.reading() as connection:
        found = await accounts.account_by_name(connection, username)
    account = found[0] if found is not None and found[0].enabled else None
    right = await door.passwords.verify(password, account.password_hash if account else None)
    if not right or account is None or found is None:
        raise NotSignedIn("user name or password is wrong")
    return await _sign(door, "account", Holder("account", account.account_id, found[1]), uuid4())


async def with_login_token(door: Door, token: str) -> LoginResponse:
    """Raises NotSignedIn: the link was used, has expired, or its maker may not enter any more."""
    holder = door.login_links.redeem(token)
    if holder is None:
        raise NotSignedIn("this login link was used already, or has expired")
    return await _sign(door, "login-link", holder, uuid4())


async def with_refresh_token(door: Door, refresh_token: str) -> LoginResponse:
    """Raises NotSignedIn: expired, used before, or the session has ended."""
    token = door.signer.read(refresh_token, "refresh")
    principal = await door.authenticator.principal_of(token)
    await door.sessions.use_refresh_token(token, principal.name)
    return _pair(door, token.kind, principal, token.session.id)


async def _sign(door: Door, kind: SessionKind, holder: Holder, session_id: UUID) -> LoginResponse:
    name, role = await door.authenticator.name_and_role(holder, None)
    return _pair(door, kind, Principal(kind, holder, name, role), session_id)


def _pair(door: Door, kind: SessionKind, principal: Principal, session_id: UUID) -> LoginResponse:
    access, refresh = door.signer.pair(kind, principal.holder, session_id)
    return LoginResponse(
        access_token=access,
        refresh_token=refresh,
        expires_in_s=int(ACCESS_LIFETIME.total_seconds()),
        username=principal.name,
        role=principal.role,
    )
