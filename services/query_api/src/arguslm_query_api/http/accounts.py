"""/api/v1/accounts and /api/v1/auth/api-keys"""

from functools import partial
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Response

from arguslm_contracts.rest.auth import (
    AccountCreate,
    AccountList,
    AccountResponse,
    AccountUpdate,
    ApiKeyCreate,
    ApiKeyCreated,
    ApiKeyList,
)
from arguslm_query_api.auth.roles import Admin
from arguslm_query_api.commands import accounts, api_keys
from arguslm_query_api.door import Door
from arguslm_query_api.http.answers import ACCEPTED, accepted, both_versions, with_etag
from arguslm_query_api.http.dependencies import ExpectedRevision, TheAttempt, TheDoor
from arguslm_query_api.reads import accounts as account_reads
from arguslm_query_api.refusals import Unknown

router = APIRouter(tags=["accounts"])


@router.get("/accounts", response_model=AccountList)
async def list_accounts(door: TheDoor, who: Admin) -> Any:
    async with door.database.reading() as connection:
        return AccountList(items=await account_reads.list_accounts(connection))


@router.post("/accounts", response_model=AccountResponse, status_code=201, responses=ACCEPTED)
async def create_account(
    body: AccountCreate,
    door: TheDoor,
    who: Admin,
    response: Response,
    attempt: TheAttempt,
) -> Any:
    shown = await accounts.create(door, who, attempt, body)
    return await _answer(door, attempt.id, response, shown=shown)


@router.patch("/accounts/{account_id}", response_model=AccountResponse, responses=ACCEPTED)
async def update_account(
    account_id: UUID,
    body: AccountUpdate,
    door: TheDoor,
    who: Admin,
    response: Response,
    expected_revision: ExpectedRevision,
) -> Any:
    """Change only what is given. Every change signs the account out everywhere."""
    async with both_versions(partial(_read, door, account_id), body):
        shown = await accounts.update(door, who, account_id, body, expected_revision)
    return await _answer(door, account_id, response, shown=shown)


@router.delete("/accounts/{account_id}", status_code=204)
async def delete_account(
    account_id: UUID, door: TheDoor, who: Admin, expected_revision: ExpectedRevision
) -> None:
    async with both_versions(partial(_read, door, account_id)):
        await accounts.remove(door, who, account_id, expected_revision)


@router.get("/auth/api-keys", response_model=ApiKeyList)
async def list_api_keys(door: TheDoor, who: Admin) -> Any:
    async with door.database.reading() as connection:
        return ApiKeyList(items=await account_reads.list_api_keys(connection))


@router.post("/auth/api-keys", response_model=ApiKeyCreated, status_code=201)
async def create_api_key(
    body: ApiKeyCreate,
    door: TheDoor,
    who: Admin,
    attempt: TheAttempt,
) -> Any:
    """The answer holds the key; it is never shown again."""
    return await api_keys.create(door, who, attempt, body)


@router.delete("/auth/api-keys/{key_id}", status_code=204)
async def revoke_api_key(key_id: UUID, door: TheDoor, who: Admin) -> None:
    await api_keys.revoke(door, who, key_id)


async def _answer(door: Door, account_id: UUID, response: Response, *, shown: bool) -> Any:
    if not shown:
        return accepted("/api/v1/accounts")
    return with_etag(response, await _read(door, account_id))


async def _read(door: Door, account_id: UUID) -> AccountResponse:
    async with door.database.reading() as connection:
        found = await account_reads.stored_account(connection, account_id)
    if found is None:
        raise Unknown(f"there is no account {account_id}")
    account, revision, _ = found
    return AccountResponse(
        id=account.account_id,
        username=account.username,
        role=account.role,
        enabled=account.enabled,
        revision=revision,
        created_at=account.created_at,
    )
