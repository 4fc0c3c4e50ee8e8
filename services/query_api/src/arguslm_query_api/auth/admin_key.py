"""The admin API key given by setting: registered like any other, once. There is one at a time:
a changed setting revokes the key that it replaces."""

from contextlib import aclosing, suppress
from datetime import UTC, datetime
from uuid import UUID

import structlog
from nats.aio.client import Client

from arguslm_bus.publisher import Conflict, Publisher
from arguslm_bus.reader import StreamReader
from arguslm_contracts.envelope import Recorded
from arguslm_contracts.events.accounts import ApiKey, ApiKeyCreated, ApiKeyRevoked
from arguslm_contracts.identity import derive
from arguslm_contracts.streams import ACCOUNTS
from arguslm_query_api.auth.keys import hash_key, hint_of
from arguslm_query_api.readable import readable

log = structlog.get_logger(__name__)


async def register_admin_key(client: Client, publisher: Publisher, key: str) -> int:
    """Let this key in, and no other that a setting gave before.

    The sequence at which the key stands in ACCOUNTS; 0 if it was revoked since.
    """
    key_hash = hash_key(key)
    now = datetime.now(UTC)
    api_key = ApiKey(
        key_id=_id_of(key_hash),
        name="admin",
        role="admin",
        key_hash=key_hash,
        hint=hint_of(key),
        created_at=now,
    )
    event = ApiKeyCreated(revision=1, actor="system", at=now, api_key=api_key)
    try:
        stored = await publisher.append(event, expected_sequence=0)
    except Conflict:
        log.warning("admin_key_was_revoked")
        return 0
    await _revoke_replaced(client, publisher, api_key)
    return stored.sequence


async def _revoke_replaced(client: Client, publisher: Publisher, admitted: ApiKey) -> None:
    for created in await _given_by_setting(client):
        assert isinstance(created.event, ApiKeyCreated)
        replaced = created.event.api_key
        if replaced.key_id == admitted.key_id:
            continue
        event = ApiKeyRevoked(
            revision=2, actor="system", at=datetime.now(UTC), key_id=replaced.key_id
        )
        # On a conflict somebody else has revoked it in the same moment.
        with suppress(Conflict):
            await publisher.append(event, expected_sequence=created.sequence)
            log.info("admin_key_replaced", revoked_key_ends_in=replaced.hint)


async def _given_by_setting(client: Client) -> list[Recorded]:
    """The registration of each key that a setting gave and nobody revoked."""
    standing: dict[UUID, Recorded] = {}
    reader = StreamReader(client, ACCOUNTS.name, 0, subjects=("api-key.>",))
    async with aclosing(reader.batches(to_the_end=True)) as batches:
        async for batch in batches:
            for recorded in readable(ACCOUNTS.name, batch):
                match recorded.event:
                    case ApiKeyCreated(api_key=one) if one.key_id == _id_of(one.key_hash):
                        standing[one.key_id] = recorded
                    case ApiKeyRevoked(key_id=key_id):
                        standing.pop(key_id, None)
    return list(standing.values())


def _id_of(key_hash: str) -> UUID:
    """Derived for the keys that a setting gives, so that each is registered once."""
    return derive("admin-key", key_hash)
