"""Streams are created by one command, and by nothing else; drift is reported, not repaired."""

from dataclasses import dataclass

from nats.js import JetStreamContext
from nats.js.api import DiscardPolicy, StorageType, StreamConfig
from nats.js.errors import NotFoundError

from arguslm_contracts.streams import STREAMS, StreamSpec


@dataclass(frozen=True, slots=True)
class Drift:
    """A stream that is not as declared. `text` says what differs."""

    stream: str
    text: str


def stream_config(spec: StreamSpec, replicas: int) -> StreamConfig:
    return StreamConfig(
        name=spec.name,
        description=spec.purpose,
        subjects=list(spec.subjects),
        max_age=spec.max_age.total_seconds(),
        duplicate_window=spec.dedup_window.total_seconds(),
        discard=DiscardPolicy.OLD,
        storage=StorageType.FILE,
        num_replicas=replicas,
        allow_direct=True,
        allow_atomic=True,
        deny_delete=True,
    )


async def apply_topology(jetstream: JetStreamContext, *, replicas: int = 1) -> list[Drift]:
    """Create what is missing; give back what differs from the declaration."""
    drifts: list[Drift] = []
    for spec in STREAMS:
        wanted = stream_config(spec, replicas)
        try:
            found = (await jetstream.stream_info(spec.name)).config
        except NotFoundError:
            await jetstream.add_stream(wanted)
            continue
        drifts += [Drift(spec.name, text) for text in _differences(wanted, found)]
    return drifts


def _differences(wanted: StreamConfig, found: StreamConfig) -> list[str]:
    texts = []
    for name in ("subjects", "max_age", "duplicate_window", "storage", "num_replicas"):
        declared, actual = getattr(wanted, name), getattr(found, name)
        if name == "subjects":
            declared, actual = sorted(declared or []), sorted(actual or [])
        if declared != actual:
            texts.append(f"{name} is {actual}, declared {declared}")
    return texts
