"""The first admin API key, given by setting: registered like any other, once."""

from datetime import UTC, datetime

import structlog

from arguslm_bus.publisher import Conflict, Publisher
from arguslm_contracts.events.registry import ApiKey, ApiKeyCreated
from arguslm_contracts.identity import derive
from arguslm_query_api.auth.keys import hash_key, hint_of

log = structlog.get_logger(__name__)


async def register_admin_key(publisher: Publisher, key: str) -> int:
    """The sequence at which the key stands in the registry; 0 if it was revoked since."""
    key_hash = hash_key(key)
    now = datetime.now(UTC)
    api_key = ApiKey(
        key_id=derive("admin-key", key_hash),
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
    return stored.sequence
