"""A bus as releases before ACCOUNTS left it: who may come in stands in REGISTRY."""

from collections.abc import Sequence
from datetime import UTC, datetime

from nats.aio.client import Client
from nats.js.api import Header

from arguslm_bus.retention import RetentionSettings
from arguslm_bus.topology import stream_config
from arguslm_contracts.envelope import encode
from arguslm_contracts.events.base import Event
from arguslm_contracts.streams import ACCOUNTS, REGISTRY

OLD_SUBJECTS = (*REGISTRY.subjects, *ACCOUNTS.subjects)


async def make_older(client: Client) -> None:
    """Turn the streams back. What REGISTRY holds stays there; ACCOUNTS goes, with all it holds."""
    jetstream = client.jetstream()
    await jetstream.delete_stream(ACCOUNTS.name)
    config = stream_config(REGISTRY, RetentionSettings(), 1)
    await jetstream.update_stream(config.evolve(subjects=list(OLD_SUBJECTS)))


async def say_as_before(client: Client, events: Sequence[Event]) -> list[int]:
    """Store events in REGISTRY with the headers they had there; gives their sequences."""
    return [await _say(client, event) for event in events]


async def _say(client: Client, event: Event) -> int:
    headers, body = encode(event, source="query-api", time=datetime.now(UTC))
    last = (await client.jetstream().stream_info(REGISTRY.name)).state.last_seq
    headers[Header.EXPECTED_LAST_SEQUENCE] = str(last)
    ack = await client.jetstream().publish(
        event.subject, body, stream=REGISTRY.name, headers=headers
    )
    return ack.seq
