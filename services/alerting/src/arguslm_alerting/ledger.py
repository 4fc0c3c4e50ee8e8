"""What stands in the ALERTS stream already: asked of the stream itself, never of a copy of it."""

from uuid import UUID

from nats.aio.client import Client
from nats.js.errors import NotFoundError

from arguslm_contracts.envelope import MSG_ID, Recorded, decode
from arguslm_contracts.events.alerts import AlertRaised, Transition
from arguslm_contracts.streams import ALERTS


class Ledger:
    def __init__(self, client: Client) -> None:
        self._client = client

    async def newest_decision(self) -> int:
        """The sequence of the last alert raised or resolved; 0 before the first one."""
        return max([await self._last(f"alert.{verb}.>") for verb in ("raised", "resolved")])

    async def raised(self, alert_id: UUID) -> AlertRaised | None:
        """The raise of an alert."""
        found = await self._read(f"alert.raised.{alert_id}")
        return found.event if found and isinstance(found.event, AlertRaised) else None

    async def settled(self, alert_id: UUID, transition: Transition, channel_id: UUID) -> bool:
        """Whether a channel was told, or given up."""
        return await self._last(f"notification.*.{alert_id}.{transition}.{channel_id}") > 0

    async def stands(self, stream: str, sequence: int, event_id: str) -> bool:
        """Whether this very event is still at this position: otherwise the stream was made anew."""
        try:
            message = await self._client.jetstream().get_msg(stream, seq=sequence)
        except NotFoundError:
            return False
        return (message.headers or {}).get(MSG_ID) == event_id

    async def _last(self, subject: str) -> int:
        try:
            message = await self._client.jetstream().get_msg(ALERTS.name, subject=subject)
        except NotFoundError:
            return 0
        return message.seq or 0

    async def _read(self, subject: str) -> Recorded | None:
        try:
            message = await self._client.jetstream().get_msg(ALERTS.name, subject=subject)
        except NotFoundError:
            return None
        return decode(
            message.headers,
            message.data or b"",
            stream=ALERTS.name,
            sequence=message.seq or 0,
            subject=subject,
        )
