"""API keys: made, shown once, revoked."""

from datetime import UTC, datetime
from uuid import UUID

from arguslm_contracts.events.accounts import ApiKey, ApiKeyCreated, ApiKeyRevoked
from arguslm_contracts.rest import auth as shapes
from arguslm_query_api.auth.keys import hash_key, hint_of, new_key
from arguslm_query_api.auth.principal import Principal
from arguslm_query_api.commands.attempt import Attempt
from arguslm_query_api.door import Door
from arguslm_query_api.reads import accounts
from arguslm_query_api.refusals import Invalid, Taken, Unknown


async def create(
    door: Door, who: Principal, attempt: Attempt, body: shapes.ApiKeyCreate
) -> shapes.ApiKeyCreated:
    """A new key. Its text is in this answer and nowhere else, so a repetition cannot give it."""
    if await door.recorder.repeated(attempt, ApiKeyCreated) is not None:
        raise Taken(
            f"this request made the key {attempt.id} before; its text is shown only once: "
            "revoke it and make another"
        )
    now = datetime.now(UTC)
    expires_at = body.expires_at
    if expires_at is not None:
        expires_at = expires_at if expires_at.tzinfo else expires_at.replace(tzinfo=UTC)
        if expires_at <= now:
            raise Invalid("this lies in the past", field="expires_at")
    key = new_key()
    api_key = ApiKey(
        key_id=attempt.id,
        name=body.name,
        role=body.role,
        key_hash=hash_key(key),
        hint=hint_of(key),
        created_at=now,
        expires_at=expires_at,
    )
    event = ApiKeyCreated(revision=1, actor=who.name, at=now, api_key=api_key)
    await door.recorder.record_new(event, attempt)
    return shapes.ApiKeyCreated(
        id=attempt.id,
        name=api_key.name,
        role=api_key.role,
        hint=api_key.hint,
        created_at=now,
        expires_at=expires_at,
        key=key,
    )


async def revoke(door: Door, who: Principal, key_id: UUID) -> None:
    async with door.database.reading() as connection:
        found = await accounts.stored_api_key(connection, key_id)
    if found is None:
        raise Unknown(f"there is no API key {key_id}")
    _, revision, sequence = found
    event = ApiKeyRevoked(
        revision=revision + 1, actor=who.name, at=datetime.now(UTC), key_id=key_id
    )
    await door.recorder.record(event, expected_sequence=sequence)
