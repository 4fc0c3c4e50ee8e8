"""Many events into a stream at once, for others to fold: JetStream's atomic batches."""

from datetime import UTC, datetime
from uuid import uuid4

from nats.aio.client import Client

from arguslm_contracts.envelope import encode
from bench_events.completions import completions

_BATCH = 1_000


async def fill(client: Client, events: int) -> None:
    """Store the first so many completions, as a prober says them."""
    batch: list[tuple[str, dict[str, str], bytes]] = []
    for event in completions(events):
        headers, body = encode(event, source="prober", time=datetime.now(UTC))
        batch.append((event.subject, headers, body))
        if len(batch) == _BATCH:
            await _store(client, batch)
            batch = []
    if batch:
        await _store(client, batch)


async def _store(client: Client, batch: list[tuple[str, dict[str, str], bytes]]) -> None:
    batch_id = uuid4().hex
    for place, (subject, headers, body) in enumerate(batch, start=1):
        headers |= {"Nats-Batch-Id": batch_id, "Nats-Batch-Sequence": str(place)}
        if place < len(batch):
            await client.publish(subject, body, headers=headers)
    answer = await client.request(
        subject, body, headers=headers | {"Nats-Batch-Commit": "1"}, timeout=60
    )
    if b'"error"' in answer.data:
        raise RuntimeError(answer.data.decode())
