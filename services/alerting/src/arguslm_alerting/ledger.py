"""What stands in the streams already: asked of the streams themselves, never of a copy of them."""

import asyncio
from uuid import UUID

from nats.aio.client import Client

from arguslm_bus.lookup import event_at, last_event
from arguslm_bus.reader import last_held, stream_state
from arguslm_contracts.events.alerts import AlertRaised, Transition
from arguslm_contracts.streams import ALERTS

DECISIONS = ("alert.raised.>", "alert.resolved.>")


class Ledger:
    def __init__(self, client: Client) -> None:
        self._client = client

    async def newest_decision(self) -> int:
        """The sequence of the last alert raised or resolved; 0 before the first one."""
        return max(
            await asyncio.gather(
                *(last_held(self._client, ALERTS.name, subject) for subject in DECISIONS)
            )
        )

    async def raised(self, alert_id: UUID) -> AlertRaised | None:
        """The raise of an alert."""
        found = await last_event(self._client, ALERTS.name, f"alert.raised.{alert_id}")
        return found.event if found and isinstance(found.event, AlertRaised) else None

    async def settled(self, about: UUID, transition: Transition, channel_id: UUID) -> bool:
        """Whether a channel was told, or given up."""
        subject = f"notification.*.{about}.{transition}.{channel_id}"
        return await last_event(self._client, ALERTS.name, subject) is not None

    async def stands(self, stream: str, sequence: int, event_id: str) -> bool:
        """Whether this very event is at this position; if not, the stream was made anew."""
        state = await stream_state(self._client, stream)
        if not state.first_sequence <= sequence <= state.last_sequence:
            return False
        return (await event_at(self._client, stream, sequence)).event_id == event_id
