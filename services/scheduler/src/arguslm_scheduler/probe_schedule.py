"""When probes are due, of which models: pure."""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

from cronsim import CronSim

from arguslm_contracts.events.checks import ClockTicked
from arguslm_contracts.events.probes import Probe
from arguslm_contracts.identity import derive
from arguslm_scheduler.model import Asked, Slot, latest_slot, phase_s


def probe_slots(
    probe: Probe, models: Iterable[Asked], locations: Iterable[str], tick: ClockTicked
) -> Iterator[Slot]:
    """The slots of a probe that fell due since the tick before. Its intervals are spread as those
    of monitoring are, apart from them; a cron expression means its minute for every model."""
    if not probe.enabled:
        return
    covered = [one for one in models if probe.covers(one.provider_id, one.model_id)]
    cron_s = None if probe.cron is None else cron_second(probe.cron, tick)
    for location in locations:
        for one in covered:
            due_s = (
                cron_s if probe.cron is not None else _interval_second(probe, one, location, tick)
            )
            if due_s is not None:
                yield Slot(one.model_id, location, due_s)


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


def _interval_second(probe: Probe, asked: Asked, location: str, tick: ClockTicked) -> int | None:
    interval_s = probe.interval_s or 0
    if not interval_s:
        return None
    asked_id = derive("probe-phase", probe.probe_id, asked.model_id)
    phase = phase_s(asked_id, location, interval_s)
    return latest_slot(interval_s, phase, tick.previous_second, tick.second)
