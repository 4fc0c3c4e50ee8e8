"""From what a request carries to who asks. The tables are asked each time: a revoked key, a
disabled account and an ended session stop at once."""

from datetime import UTC, datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from arguslm_contracts.events.accounts import Role
from arguslm_query_api.auth.keys import hash_key, same_hash
from arguslm_query_api.auth.principal import Holder, Principal, Session
from arguslm_query_api.auth.tokens import Token, TokenSigner
from arguslm_query_api.reads import accounts
from arguslm_query_api.refusals import NotSignedIn
from arguslm_storage.database import Database


class Authenticator:
    """All its methods raise NotSignedIn."""

    def __init__(self, database: Database, signer: TokenSigner) -> None:
        self._database = database
        self._signer = signer

    async def bearer(self, credential: str) -> Principal:
        """An access token, or an API key."""
        if self._signer.looks_like_one(credential):
            return await self.session(credential)
        key_hash = hash_key(credential)
        async with self._database.glancing() as connection:
            key = await accounts.api_key_by_hash(connection, key_hash)
        if key is None or not same_hash(key.key_hash, key_hash):
            raise NotSignedIn("this API key is unknown or was revoked")
        _check_not_expired(key.expires_at)
        return Principal("api-key", Holder("api-key", key.key_id, 1), key.name, key.role)

    async def session(self, access_token: str) -> Principal:
        return await self.principal_of(self._signer.read(access_token, "access"))

    async def principal_of(self, token: Token) -> Principal:
        """Whose session a token is of, if the session still stands."""
        name, role = await self.name_and_role(token.holder, token.session)
        return Principal(token.kind, token.holder, name, role, token.session)

    async def still(self, principal: Principal) -> Principal:
        """The same principal as of now; for connections that outlive their access token."""
        name, role = await self.name_and_role(principal.holder, principal.session)
        return Principal(principal.kind, principal.holder, name, role, principal.session)

    async def name_and_role(self, holder: Holder, session: Session | None) -> tuple[str, Role]:
        """As the tables have them now."""
        async with self._database.glancing() as connection:
            if session is not None:
                _check_not_expired(session.expires_at)
                if await accounts.session_ended(connection, session.id):
                    raise NotSignedIn("the session has ended")
            if holder.kind == "account":
                return await _of_account(connection, holder)
            return await _of_api_key(connection, holder)


async def _of_account(connection: AsyncConnection, holder: Holder) -> tuple[str, Role]:
    stored = await accounts.stored_account(connection, holder.id)
    if stored is None:
        raise NotSignedIn("the account was removed")
    account, revision, _ = stored
    if not account.enabled or revision != holder.revision:
        raise NotSignedIn("the account has changed; sign in again")
    return account.username, account.role


async def _of_api_key(connection: AsyncConnection, holder: Holder) -> tuple[str, Role]:
    stored = await accounts.stored_api_key(connection, holder.id)
    if stored is None:
        raise NotSignedIn("the API key was revoked")
    key = stored[0]
    _check_not_expired(key.expires_at)
    return key.name, key.role


def _check_not_expired(expires_at: datetime | None) -> None:
    if expires_at is not None and expires_at <= datetime.now(UTC):
        raise NotSignedIn("this has expired")
