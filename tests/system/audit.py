"""The invariants of DESIGN 2, read from the streams of a running house."""

from collections import Counter
from pathlib import Path

from nats.aio.client import Client
from pydantic import SecretStr

from arguslm_bus.connection import connect
from arguslm_bus.rebuild import read_until
from arguslm_bus.settings import BusSettings
from arguslm_contracts.envelope import Recorded, decode
from arguslm_contracts.events.alerts import AlertRaised, AlertResolved
from arguslm_contracts.events.checks import CheckCompleted, CheckRequested
from arguslm_contracts.permissions import OPERATOR
from arguslm_contracts.streams import ALERTS, CHECK_REQUESTS, CHECKS, StreamSpec
from arguslm_launcher.data_dir import DataDir
from arguslm_launcher.nats_server import NatsServer


class StreamAudit:
    """Reads whole streams as the operator."""

    def __init__(self, client: Client) -> None:
        self._client = client

    @classmethod
    async def of(cls, data_dir: Path) -> "StreamAudit":
        note = DataDir(data_dir).read_note()
        assert note is not None
        password = NatsServer(data_dir / "nats").passwords[OPERATOR]
        settings = BusSettings(
            nats_url=note.nats_url, nats_user=OPERATOR, nats_password=SecretStr(password)
        )
        return cls(await connect(settings, OPERATOR))

    async def close(self) -> None:
        await self._client.close()

    async def events(self, stream: StreamSpec) -> list[Recorded]:
        state = await self._client.jetstream().stream_info(stream.name)
        found: list[Recorded] = []
        batches = read_until(self._client, stream.name, after=0, until=state.state.last_seq)
        async for batch in batches:
            found += [
                decode(
                    m.headers, m.body, stream=stream.name, sequence=m.sequence, subject=m.subject
                )
                for m in batch
            ]
        return found

    async def unanswered_and_doubled(self) -> tuple[set[str], set[str]]:
        """Check requests without a completion, and completions that came twice."""
        requested = {
            str(recorded.event.request_id)
            for recorded in await self.events(CHECK_REQUESTS)
            if isinstance(recorded.event, CheckRequested)
        }
        completed = Counter(
            str(recorded.event.check_id)
            for recorded in await self.events(CHECKS)
            if isinstance(recorded.event, CheckCompleted)
        )
        return requested - set(completed), {id for id, n in completed.items() if n > 1}

    async def alerts(self) -> tuple[list[AlertRaised], list[AlertResolved]]:
        events = [recorded.event for recorded in await self.events(ALERTS)]
        return (
            [event for event in events if isinstance(event, AlertRaised)],
            [event for event in events if isinstance(event, AlertResolved)],
        )
