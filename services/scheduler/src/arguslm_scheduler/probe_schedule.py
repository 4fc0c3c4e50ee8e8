"""When probes are due, of which models: pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import lru_cache
from uuid import UUID

from cronsim import CronSim

from arguslm_contracts.events.checks import ClockTicked
from arguslm_contracts.events.probes import Probe
from arguslm_contracts.identity import derive
from arguslm_scheduler.model import Slot, due_slots


def probe_slots(
    probe: Probe, providers: Mapping[UUID, UUID], locations: Sequence[str], tick: ClockTicked
) -> Iterator[Slot]:
    """The slots of a probe that fell due since the tick before, of watched models (model ->
    provider). Its intervals are spread as those of monitoring are, apart from them; a cron
    expression means its minute for every model."""
    if not probe.enabled:
        return
    covered = [one for one, provider in providers.items() if probe.covers(provider, one)]
    if probe.cron is not None:
        due_s = cron_second(probe.cron, tick)
        if due_s is not None:
            yield from (Slot(one, at, due_s) for at in locations for one in covered)
        return
    asked_ids = {_asked_id(probe.probe_id, one): one for one in covered}
    for slot in due_slots(dict.fromkeys(asked_ids, probe.interval_s or 0), locations, tick):
        yield replace(slot, model_id=asked_ids[slot.model_id])


@lru_cache(maxsize=100_000)
def _asked_id(probe_id: UUID, model_id: UUID) -> UUID:
    """What its place in the interval is drawn by."""
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
