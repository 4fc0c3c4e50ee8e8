"""When checks and probes are due, of which models: pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import lru_cache
from uuid import UUID

from cronsim import CronSim

from arguslm_contracts.events.checks import ClockTicked
from arguslm_contracts.events.probes import Probe
from arguslm_contracts.identity import derive
from arguslm_scheduler.model import Slot, Watched, due_slots
from arguslm_scheduler.pace import paced, paced_slots

ProbeSlot = tuple[Probe, Slot]


def all_due(
    watched: Watched, probes: Sequence[Probe], locations: Sequence[str], tick: ClockTicked
) -> tuple[list[Slot], list[ProbeSlot]]:
    """What fell due of these models since the tick before: their checks, and their probes. The
    intervals of probes are spread as those of monitoring are, apart from them, and both share a
    provider's limit; a cron expression means its minute for every model."""
    in_force = [probe for probe in probes if probe.enabled]
    asked = _by_asked_id(in_force, watched.providers)
    intervals_s = watched.intervals_s | {
        asked_id: probe.interval_s or 0 for asked_id, (probe, _) in asked.items()
    }
    checks: list[Slot] = []
    probed: list[ProbeSlot] = []
    for slot in _slots(intervals_s, watched.per_minute, locations, tick):
        if slot.model_id in asked:
            probe, model_id = asked[slot.model_id]
            probed.append((probe, replace(slot, model_id=model_id)))
        else:
            checks.append(slot)
    return checks, [*probed, *_cron_slots(in_force, watched.providers, locations, tick)]


def _slots(
    intervals_s: Mapping[UUID, int], per_minute: int, locations: Sequence[str], tick: ClockTicked
) -> Iterator[Slot]:
    if per_minute:
        return paced_slots(paced(intervals_s, locations, per_minute), tick)
    return due_slots(intervals_s, locations, tick)


def _by_asked_id(
    probes: Sequence[Probe], providers: Mapping[UUID, UUID]
) -> dict[UUID, tuple[Probe, UUID]]:
    """What probes with an interval ask of these models (model -> provider): the probe, and the
    model, by what their place in the interval is drawn by."""
    return {
        _asked_id(probe.probe_id, model_id): (probe, model_id)
        for probe in probes
        if probe.interval_s is not None
        for model_id, provider_id in providers.items()
        if probe.covers(provider_id, model_id)
    }


def _cron_slots(
    probes: Sequence[Probe],
    providers: Mapping[UUID, UUID],
    locations: Sequence[str],
    tick: ClockTicked,
) -> Iterator[ProbeSlot]:
    for probe in probes:
        due_s = None if probe.cron is None else cron_second(probe.cron, tick)
        if due_s is not None:
            for model_id, provider_id in providers.items():
                if probe.covers(provider_id, model_id):
                    yield from ((probe, Slot(model_id, at, due_s)) for at in locations)


@lru_cache(maxsize=100_000)
def _asked_id(probe_id: UUID, model_id: UUID) -> UUID:
    return derive("probe-phase", probe_id, model_id)


def cron_second(cron: str, tick: ClockTicked) -> int | None:
    """The latest second in (previous, now] at which a cron expression is due in UTC."""
    if tick.second // 60 == tick.previous_second // 60:
        return None
    latest = None
    for due_at in CronSim(cron, datetime.fromtimestamp(tick.previous_second, UTC)):
        due_s = int(due_at.timestamp())
        if due_s > tick.second:
            break
        latest = due_s
    return latest
