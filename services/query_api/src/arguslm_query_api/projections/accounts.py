"""ACCOUNTS -> who may come in now, which sessions have ended, and where each aggregate stands."""

from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncConnection

from arguslm_contracts.envelope import Recorded
from arguslm_contracts.events import accounts as events
from arguslm_contracts.events.registry import RegistryEvent
from arguslm_query_api import tables
from arguslm_query_api.projections.changes import Changes


async def fold(connection: AsyncConnection, batch: Sequence[Recorded]) -> None:
    changes = Changes()
    for recorded in batch:
        if isinstance(recorded.event, RegistryEvent):
            _take(changes, recorded, recorded.event)
    await changes.write(connection)


def _take(changes: Changes, recorded: Recorded, event: RegistryEvent) -> None:
    position = changes.place(recorded, event)
    match event:
        case events.AccountCreated() | events.AccountUpdated():
            changes.put_state(tables.accounts, event.account, position)
        case events.AccountRemoved():
            changes.remove(tables.accounts, event.account_id)
        case events.SessionEnded():
            ended = {"session_id": event.session_id, "expires_at": event.expires_at}
            changes.put(tables.ended_sessions, ended)
        case events.ApiKeyCreated():
            changes.put_state(tables.api_keys, event.api_key, position)
        case events.ApiKeyRevoked():
            changes.remove(tables.api_keys, event.key_id)
