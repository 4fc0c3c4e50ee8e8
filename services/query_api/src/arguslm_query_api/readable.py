"""What can be read of a batch from a stream."""

from collections.abc import Sequence

from arguslm_bus.reader import RawMessage
from arguslm_contracts.envelope import Recorded, UnreadableEvent, decode


def readable(stream: str, batch: Sequence[RawMessage]) -> list[Recorded]:
    """The events of a batch; what is none is passed over, for the projector buries it."""
    events = []
    for message in batch:
        try:
            event = decode(
                message.headers,
                message.body,
                stream=stream,
                sequence=message.sequence,
                subject=message.subject,
            )
        except UnreadableEvent:
            continue
        events.append(event)
    return events
