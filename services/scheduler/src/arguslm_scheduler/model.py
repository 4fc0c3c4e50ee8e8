"""When to ask, and what: pure functions over the roster. No I/O, no wall clock."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any
from uuid import UUID

from arguslm_contracts.envelope import Recorded
from arguslm_contracts.events.checks import (
    IN_FLIGHT,
    CheckAbandoned,
    CheckRequested,
    ClockTicked,
    DiscoveryCompleted,
    DiscoveryRequested,
    Purpose,
)
from arguslm_contracts.events.registry import (
    Model,
    ModelListed,
    ModelRegistered,
    ModelRemoved,
    ModelRetired,
    ModelState,
    MonitoringConfig,
    MonitoringConfigured,
    ProviderRegistered,
    ProviderRemoved,
    ProviderUpdated,
)
from arguslm_contracts.identity import derive, model_uuid
from arguslm_contracts.measurement import Price, ProbeProfile, Target
from arguslm_contracts.model_facts import ModelFacts
from arguslm_contracts.prompt_packs import PROMPT_PACKS
from arguslm_contracts.reply_length import token_budget

Row = Mapping[str, Any]

_LEAST_PATIENCE_S = 30
_LONGEST_GAP_S = 86_400
_ADDRESS = ("provider_type", "base_url", "settings", "credentials")


def next_tick(last_second: int | None, now_s: float) -> ClockTicked | None:
    """The tick that is due at `now_s` (Unix time) after a tick of `last_second`.

    None while that second is not over: also after the wall clock was set back. A pause longer
    than a day is covered for its last day.
    """
    second = int(now_s)
    if last_second is None:
        return ClockTicked(second=second, previous_second=second - 1)
    if second <= last_second:
        return None
    return ClockTicked(second=second, previous_second=max(last_second, second - _LONGEST_GAP_S))


@lru_cache(maxsize=100_000)
def phase_s(asked_id: UUID, location: str, interval_s: int) -> int:
    """Where in its interval something is asked: spread evenly, and always the same."""
    return derive("phase", asked_id, location).int % interval_s


def latest_slot(interval_s: int, phase: int, after_s: int, until_s: int) -> int | None:
    """The last second t in (after_s, until_s] with t = phase modulo interval_s."""
    slot = until_s - (until_s - phase) % interval_s
    return slot if slot > after_s else None


@dataclass(frozen=True, slots=True)
class Slot:
    """A moment (Unix time) at which a model is due at a location."""

    model_id: UUID
    location: str
    due_s: int


def due_slots(
    intervals_s: Mapping[UUID, int], locations: Iterable[str], tick: ClockTicked
) -> Iterator[Slot]:
    """What fell due since the tick before: of several slots of one model the latest."""
    for location in locations:
        for model_id, interval_s in intervals_s.items():
            phase = phase_s(model_id, location, interval_s)
            due_s = latest_slot(interval_s, phase, tick.previous_second, tick.second)
            if due_s is not None:
                yield Slot(model_id, location, due_s)


@dataclass(slots=True)
class Watched:
    """The models to be watched of a provider that has a limit, or of all that have none (0): their
    intervals in seconds, and their providers."""

    per_minute: int
    intervals_s: dict[UUID, int] = field(default_factory=dict)
    providers: dict[UUID, UUID] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Asked:
    """A model as it is asked: its own endpoint, at its own interval. `paced`: its provider has a
    limit a minute, so that it is asked in its slots alone, unless a person wants it now.
    `longest_reply_tokens` is known of a model that thinks before it answers."""

    model_id: UUID
    interval_s: int
    target: Target
    paced: bool = False
    longest_reply_tokens: int | None = None


def slot_request(slot: Slot, asked: Asked, config: MonitoringConfig) -> CheckRequested:
    """The request of a slot. Whoever decides it, it is the same request."""
    return _request(
        derive("check", slot.model_id, slot.location, slot.due_s),
        asked,
        slot.location,
        config,
        datetime.fromtimestamp(slot.due_s, UTC),
    )


def first_request(
    cause: Recorded, at: datetime, asked: Asked, location: str, config: MonitoringConfig
) -> CheckRequested:
    """The request at once when monitoring was switched on by the event `cause`."""
    request_id = derive("first-check", cause.event_id, asked.model_id, location)
    return _request(request_id, asked, location, config, at)


def run_request(
    run_id: UUID, at: datetime, asked: Asked, location: str, config: MonitoringConfig
) -> CheckRequested:
    """The request of a person's "run now"."""
    request_id = derive("run", run_id, asked.model_id, location)
    return _request(request_id, asked, location, config, at, purpose="manual", run_id=run_id)


def _request(
    request_id: UUID,
    asked: Asked,
    location: str,
    config: MonitoringConfig,
    due_at: datetime,
    *,
    purpose: Purpose = "scheduled",
    run_id: UUID | None = None,
) -> CheckRequested:
    pack = PROMPT_PACKS.get(config.prompt_pack, PROMPT_PACKS["health_check"])
    return CheckRequested(
        request_id=request_id,
        model_id=asked.model_id,
        location=location,
        purpose=purpose,
        run_id=run_id,
        due_at=due_at,
        expires_at=due_at + timedelta(seconds=max(asked.interval_s, _LEAST_PATIENCE_S)),
        target=asked.target,
        probe=ProbeProfile(
            prompt=pack.prompt,
            max_tokens=token_budget(config.max_tokens, asked.longest_reply_tokens),
            reasoning_effort="low",
        ),
    )


def unless_open(request: CheckRequested, open_one: Row | None) -> CheckRequested:
    """The request, or that it is skipped since the one before it is still open. A decision that is
    made again meets the request that it was the first time."""
    if open_one is None or open_one["request_id"] == request.request_id:
        return request
    reason = f"the check of {open_one['due_at']:%H:%M:%S} UTC {IN_FLIGHT}"
    return request.model_copy(update={"skip_reason": reason})


def abandonment(open_one: Row, now: datetime) -> CheckAbandoned:
    """Nobody can be asking any more, and nobody has answered."""
    return CheckAbandoned(
        request_id=open_one["request_id"],
        model_id=open_one["model_id"],
        location=open_one["location"],
        since=open_one["due_at"],
        until=now,
        probe_id=open_one["probe_id"] if open_one["probe_id"].int else None,
    )


def discovery_request(cause: Recorded, provider: Row) -> DiscoveryRequested:
    """Ask a provider for its models because of the event `cause`."""
    return DiscoveryRequested(
        request_id=derive("discovery", cause.event_id),
        provider_id=provider["provider_id"],
        target=target_of(provider, None),
    )


def listing_due(provider_id: UUID, interval_s: int, tick: ClockTicked) -> int | None:
    """The second (Unix time) since the tick before at which a provider is to be listed again."""
    phase = phase_s(provider_id, "discovery", interval_s)
    return latest_slot(interval_s, phase, tick.previous_second, tick.second)


def listing_request(due_s: int, provider: Row) -> DiscoveryRequested:
    """The request for the list that is due. Whoever decides it, it is the same request."""
    provider_id = provider["provider_id"]
    return DiscoveryRequested(
        request_id=derive("discovery", provider_id, due_s),
        provider_id=provider_id,
        target=target_of(provider, None),
    )


def registrations(
    found: DiscoveryCompleted, provider: Row, known: Iterable[str]
) -> list[ModelRegistered]:
    """One registration for each model that was found and is not known yet."""
    names = set(known)
    registered = []
    for model in found.models:
        if model.name in names:
            continue
        names.add(model.name)
        registered.append(
            ModelRegistered(
                revision=1,
                actor="discovery",
                at=found.completed_at,
                model=Model(
                    model_id=model_uuid(found.provider_id, model.name),
                    provider_id=found.provider_id,
                    name=model.name,
                    source="discovered",
                    monitored=provider["monitor_discovered"],
                    metadata=model.metadata,
                    facts=model.facts,
                    created_at=found.completed_at,
                ),
            )
        )
    return registered


def relistings(
    found: DiscoveryCompleted, known: Iterable[Row]
) -> Iterator[tuple[ModelRetired | ModelListed, int]]:
    """What a list changes about models that are known, each with its aggregate's last sequence.

    A list says nothing of a model that has changed since it was made: lists are heard again after
    a crash, and people act meanwhile. Nor does a list that was not read to its end say what is
    gone, nor ever that a model is gone for which a person vouches.
    """
    listed = {model.name: model for model in found.models}
    for row in known:
        if row["changed_at"] >= found.completed_at:
            continue
        model, entry = Model.model_validate(row["state"]), listed.get(row["name"])
        told = {"revision": row["revision"] + 1, "actor": "discovery", "at": found.completed_at}
        if entry is None:
            gone = found.complete and model.source == "discovered" and model.retired_at is None
            if gone:
                retired = model.model_copy(update={"retired_at": found.completed_at})
                yield ModelRetired(model=retired, **told), row["sequence"]
            continue
        after = model.model_copy(
            update={
                "retired_at": None,
                "facts": model.facts if entry.facts == ModelFacts() else entry.facts,
            }
        )
        changed = tuple(
            n for n in ("retired_at", "facts") if getattr(model, n) != getattr(after, n)
        )
        if changed:
            yield ModelListed(model=after, changed=changed, **told), row["sequence"]


def target_of(provider: Row, model: str | None, price: Price | None = None) -> Target:
    """Where to ask; the credentials stay sealed."""
    return Target(
        provider_id=str(provider["provider_id"]),
        provider_type=provider["provider_type"],
        provider_name=provider["display_name"],
        base_url=provider["base_url"],
        settings=provider["settings"],
        credentials=provider["credentials"],
        model=model,
        max_concurrent=provider["max_concurrent"],
        price=price,
    )


def evolve_provider(
    before: Row | None, event: ProviderRegistered | ProviderUpdated | ProviderRemoved
) -> Row | None:
    """A provider's row after an event; None when it is gone."""
    if isinstance(event, ProviderRemoved):
        return None
    provider = event.provider
    fields = {
        "provider_id",
        "provider_type",
        "display_name",
        "base_url",
        "settings",
        "credentials",
        "enabled",
        "monitor_discovered",
        "requests_per_minute",
        "max_concurrent",
    }
    after = provider.model_dump(include=fields)
    moved = before is None or any(before[field] != after[field] for field in _ADDRESS)
    return {
        **after,
        # A provider that was added without asking for its models is not asked later either.
        "lists_models": event.discover
        if isinstance(event, ProviderRegistered)
        else before is None or before["lists_models"],
        "enabled_revision": _switched_on(before, "enabled", provider.enabled, event.revision),
        "address_revision": event.revision
        if before is None or moved
        else before["address_revision"],
    }


def evolve_model(before: Row | None, event: ModelState | ModelRemoved, sequence: int) -> Row | None:
    """A model's row after an event, which stands at `sequence`; None when it is gone."""
    if isinstance(event, ModelRemoved):
        return None
    model = event.model
    return {
        **model.model_dump(include={"model_id", "provider_id", "name", "interval_s"}),
        "watched": model.watched,
        "watched_revision": _switched_on(before, "watched", model.watched, event.revision),
        "state": model.model_dump(mode="json"),
        "changed_at": event.at,
        "revision": event.revision,
        "sequence": sequence,
    }


def evolve_monitoring(before: Row | None, event: MonitoringConfigured) -> Row:
    """The monitoring row after an event. Monitoring is on before anybody configures it."""
    was = before or {"enabled": MonitoringConfig().enabled, "enabled_revision": 0}
    return {
        "name": event.key,
        **event.config.model_dump(include={"interval_s", "prompt_pack", "max_tokens", "enabled"}),
        "enabled_revision": _switched_on(was, "enabled", event.config.enabled, event.revision),
    }


def _switched_on(before: Row | None, switch: str, is_on: bool, revision: int) -> int:
    """The revision that last turned a switch on; 0 when none has."""
    was_on = before is not None and before[switch]
    if is_on and not was_on:
        return revision
    return int(before[f"{switch}_revision"]) if before is not None else 0
