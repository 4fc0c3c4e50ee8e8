"""Streams are created by one command, and by nothing else.

It adds what is missing and keeps longer what is to be kept longer; it keeps shorter only where
somebody has said so. Any other drift is reported, not repaired.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from nats.aio.client import Client
from nats.js.api import DiscardPolicy, StorageType, StreamConfig
from nats.js.client import JetStreamContext
from nats.js.errors import BadRequestError, NotFoundError

from arguslm_bus.moved_subjects import move_subjects
from arguslm_bus.retention import RetentionSettings
from arguslm_contracts import places
from arguslm_contracts.streams import ACCOUNTS, FOREVER, REGISTRY, STREAMS, StreamSpec


@dataclass(frozen=True, slots=True)
class Drift:
    """How a stream differed from its declaration. `text` says what; `mended` whether it was
    brought into line."""

    stream: str
    text: str
    mended: bool = False

    def __str__(self) -> str:
        if self.mended:
            return f"stream {self.stream}: {self.text}"
        return f"stream {self.stream} is not as declared: {self.text}"


def stream_config(spec: StreamSpec, retention: RetentionSettings, replicas: int) -> StreamConfig:
    return StreamConfig(
        name=spec.name,
        description=spec.purpose,
        subjects=list(spec.subjects),
        max_age=_broker_age(spec, retention).total_seconds(),
        duplicate_window=spec.dedup_window.total_seconds(),
        discard=DiscardPolicy.OLD,
        storage=StorageType.FILE,
        num_replicas=replicas,
        allow_direct=True,
        allow_atomic=True,
        deny_delete=True,
    )


def places_config(replicas: int) -> StreamConfig:
    """Where probers agree on how many of them ask a provider at once. On disk, though it is about
    nothing but now: a lone server that starts again has forgotten the streams of its memory."""
    return StreamConfig(
        name=places.STREAM,
        description="how many ask a provider at this moment",
        subjects=[places.SUBJECTS],
        max_msgs_per_subject=1,
        max_age=places.LASTS_S,
        storage=StorageType.FILE,
        num_replicas=replicas,
        allow_msg_ttl=True,
    )


async def apply_topology(
    client: Client,
    retention: RetentionSettings | None = None,
    *,
    replicas: int = 1,
) -> list[Drift]:
    """Create what is missing, mend what can be mended without loss or was asked for, and tell of
    all that differed. `retention` None is what the environment says."""
    chosen = retention or RetentionSettings()
    jetstream = client.jetstream()
    drifts = await _move_accounts(client, stream_config(ACCOUNTS, chosen, replicas))
    for spec in STREAMS:
        wanted = stream_config(spec, chosen, replicas)
        try:
            found = (await jetstream.stream_info(spec.name)).config
        except NotFoundError:
            await jetstream.add_stream(wanted)
            continue
        changes, mended = _mending(spec, wanted, found, asked=chosen.is_chosen(spec))
        if changes:
            await jetstream.update_stream(found.evolve(**changes))
        drifts += [Drift(spec.name, text, mended=True) for text in mended]
        drifts += [Drift(spec.name, t) for t in _differences(wanted, found.evolve(**changes))]
    await _make_places(jetstream, replicas)
    return drifts


async def _make_places(jetstream: JetStreamContext, replicas: int) -> None:
    try:
        await jetstream.add_stream(places_config(replicas))
    except BadRequestError:  # there, and made otherwise
        await jetstream.update_stream(places_config(replicas))


async def _move_accounts(client: Client, accounts: StreamConfig) -> list[Drift]:
    """Who may come in once stood in the registry, for all its readers to see."""
    if not await move_subjects(client, REGISTRY.name, accounts):
        return []
    return [Drift(REGISTRY.name, f"its account events moved to {ACCOUNTS.name}", mended=True)]


def _broker_age(spec: StreamSpec, retention: RetentionSettings) -> timedelta:
    """The broker would drop what nobody has summarised, and summaries too: it is not asked to."""
    return FOREVER if spec.ages else retention.age(spec)


def _mending(
    spec: StreamSpec, wanted: StreamConfig, found: StreamConfig, *, asked: bool
) -> tuple[dict[str, Any], list[str]]:
    """What to change of a found stream, and how to say it."""
    changes: dict[str, Any] = {}
    texts: list[str] = []
    missing = [s for s in wanted.subjects or [] if s not in (found.subjects or [])]
    if missing:
        changes["subjects"] = [*(found.subjects or []), *missing]
        texts.append(f"takes {', '.join(missing)} from now on")
    declared, actual = wanted.max_age or 0, found.max_age or 0
    if declared != actual and (_is_longer(declared, actual) or (asked and not spec.ages)):
        changes["max_age"] = declared
        texts.append(f"kept {_days(actual)} so far, {_days(declared)} from now on")
    return changes, texts


def _is_longer(one_s: float, other_s: float) -> bool:
    return one_s == 0 or (other_s != 0 and one_s > other_s)


def _days(seconds: float) -> str:
    return f"{seconds / 86_400:g} days" if seconds else "for ever"


def _differences(wanted: StreamConfig, found: StreamConfig) -> Iterator[str]:
    for name in ("subjects", "max_age", "duplicate_window", "storage", "num_replicas"):
        declared, actual = getattr(wanted, name), getattr(found, name)
        if name == "subjects":
            declared, actual = sorted(declared or []), sorted(actual or [])
        if declared == actual:
            continue
        if name == "max_age":
            yield f"kept {_days(actual or 0)}, declared {_days(declared or 0)}"
        else:
            yield f"{name} is {actual}, declared {declared}"
