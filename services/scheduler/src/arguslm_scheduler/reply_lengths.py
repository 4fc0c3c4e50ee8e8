"""CHECKS -> how long a model replies that thinks before it answers."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from arguslm_contracts.envelope import Recorded
from arguslm_contracts.events.checks import CheckCompleted
from arguslm_contracts.events.history import CheckSummarized
from arguslm_contracts.reply_length import thinking_reply_tokens
from arguslm_scheduler.tables import reply_lengths
from arguslm_storage.bulk import rows_among
from arguslm_storage.database import upsert

_ALL = select(reply_lengths)


async def fold(connection: AsyncConnection, events: Sequence[Recorded]) -> None:
    """Keep the longest reply of each model that thinks first."""
    longest: dict[UUID, int] = {}
    for event in (recorded.event for recorded in events):
        tokens = _tokens(event)
        if isinstance(event, CheckCompleted | CheckSummarized) and tokens is not None:
            longest[event.model_id] = max(tokens, longest.get(event.model_id, 0))
    if not longest:
        return
    for row in await rows_among(connection, _ALL, {reply_lengths.c.model_id: longest}):
        longest[row["model_id"]] = max(longest[row["model_id"]], row["longest_tokens"])
    rows = [{"model_id": model_id, "longest_tokens": n} for model_id, n in longest.items()]
    await upsert(connection, reply_lengths, rows)


def _tokens(event: object) -> int | None:
    """An hour tells what its checks told, for whoever no longer finds them."""
    if isinstance(event, CheckCompleted):
        return thinking_reply_tokens(event)
    return event.longest_thinking_reply_tokens if isinstance(event, CheckSummarized) else None
