"""Accounts: people who sign in with a password."""

from datetime import UTC, datetime
from uuid import UUID

from arguslm_contracts.events.accounts import (
    Account,
    AccountCreated,
    AccountRemoved,
    AccountUpdated,
)
from arguslm_contracts.rest.auth import AccountCreate, AccountUpdate
from arguslm_query_api.auth.principal import Principal
from arguslm_query_api.commands.attempt import Attempt
from arguslm_query_api.commands.recorder import check_revision
from arguslm_query_api.door import Door
from arguslm_query_api.reads import accounts
from arguslm_query_api.refusals import Taken, Unknown


async def create(door: Door, who: Principal, attempt: Attempt, body: AccountCreate) -> bool:
    """Create an account under the attempt's id."""
    if (known := await door.recorder.repeated(attempt, AccountCreated)) is not None:
        return await door.recorder.shows(known)
    async with door.database.reading() as connection:
        if await accounts.account_by_name(connection, body.username) is not None:
            raise Taken(f"there is an account {body.username!r} already")
    now = datetime.now(UTC)
    account = Account(
        account_id=attempt.id,
        username=body.username,
        role=body.role,
        password_hash=await door.passwords.hash(body.password.get_secret_value()),
        created_at=now,
    )
    event = AccountCreated(revision=1, actor=who.name, at=now, account=account)
    return await door.recorder.record_new(event, attempt)


async def update(
    door: Door,
    who: Principal,
    account_id: UUID,
    body: AccountUpdate,
    expected_revision: int | None,
) -> bool:
    """Change what is given; every change ends the account's sessions."""
    account, revision, sequence = await _stored(door, account_id)
    check_revision(expected_revision, revision)
    changes = body.model_dump(exclude_none=True, exclude={"password"})
    changes = {name: value for name, value in changes.items() if getattr(account, name) != value}
    if body.password is not None:
        changes["password_hash"] = await door.passwords.hash(body.password.get_secret_value())
    if not changes:
        return True
    event = AccountUpdated(
        revision=revision + 1,
        actor=who.name,
        at=datetime.now(UTC),
        account=account.model_copy(update=changes),
        changed=tuple(changes),
    )
    return await door.recorder.record(event, expected_sequence=sequence)


async def remove(
    door: Door, who: Principal, account_id: UUID, expected_revision: int | None
) -> None:
    _, revision, sequence = await _stored(door, account_id)
    check_revision(expected_revision, revision)
    event = AccountRemoved(
        revision=revision + 1, actor=who.name, at=datetime.now(UTC), account_id=account_id
    )
    await door.recorder.record(event, expected_sequence=sequence)


async def _stored(door: Door, account_id: UUID) -> tuple[Account, int, int]:
    async with door.database.reading() as connection:
        found = await accounts.stored_account(connection, account_id)
    if found is None:
        raise Unknown(f"there is no account {account_id}")
    return found
