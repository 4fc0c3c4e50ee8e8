"""Accounts, ended sessions and API keys."""

from uuid import UUID

from sqlalchemy import bindparam, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from arguslm_contracts.events.accounts import Account, ApiKey
from arguslm_contracts.rest.auth import AccountResponse, ApiKeyResponse
from arguslm_query_api import tables
from arguslm_query_api.reads.stored import Stored, as_stored, stored
from arguslm_storage.driver import rows_of

_ACCOUNTS, _KEYS = tables.accounts, tables.api_keys
# Asked with each request of a program: built once.
_OF_HASH = select(_KEYS).where(_KEYS.c.key_hash == bindparam("hash")).limit(1)


async def list_accounts(connection: AsyncConnection) -> list[AccountResponse]:
    query = select(_ACCOUNTS).order_by(func.lower(_ACCOUNTS.c.username), _ACCOUNTS.c.account_id)
    return [
        AccountResponse(
            id=row["account_id"],
            username=row["username"],
            role=row["role"],
            enabled=row["enabled"],
            revision=row["revision"],
            created_at=row["created_at"],
        )
        for row in (await connection.execute(query)).mappings()
    ]


async def stored_account(connection: AsyncConnection, account_id: UUID) -> Stored[Account] | None:
    return await stored(connection, _ACCOUNTS, Account, account_id)


async def account_by_name(connection: AsyncConnection, username: str) -> Stored[Account] | None:
    """The account of a name; of two created at the same moment, the first."""
    query = (
        select(_ACCOUNTS)
        .where(_ACCOUNTS.c.username == username)
        .order_by(_ACCOUNTS.c.created_at, _ACCOUNTS.c.account_id)
        .limit(1)
    )
    row = (await connection.execute(query)).mappings().first()
    return None if row is None else as_stored(Account, row)


async def session_ended(connection: AsyncConnection, session_id: UUID) -> bool:
    """Whether a session was signed out or revoked."""
    column = tables.ended_sessions.c.session_id
    return await connection.scalar(select(column).where(column == session_id)) is not None


async def list_api_keys(connection: AsyncConnection) -> list[ApiKeyResponse]:
    query = select(_KEYS).order_by(_KEYS.c.created_at, _KEYS.c.key_id)
    return [
        ApiKeyResponse(
            id=row["key_id"],
            name=row["name"],
            role=row["role"],
            hint=row["hint"],
            created_at=row["created_at"],
            expires_at=row["expires_at"],
        )
        for row in (await connection.execute(query)).mappings()
    ]


async def api_key_by_hash(connection: AsyncConnection, key_hash: str) -> ApiKey | None:
    """The key of a hash, expired or not."""
    rows = await rows_of(connection, _OF_HASH, hash=key_hash)
    return ApiKey.model_validate(rows[0]) if rows else None


async def stored_api_key(connection: AsyncConnection, key_id: UUID) -> Stored[ApiKey] | None:
    return await stored(connection, _KEYS, ApiKey, key_id)
