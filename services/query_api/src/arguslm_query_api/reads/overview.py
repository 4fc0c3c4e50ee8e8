"""Every watched model at a glance, from a handful of queries whatever their number."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import RowMapping, Table, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from arguslm_contracts.events.registry import MonitoringConfig
from arguslm_contracts.rest.monitoring import ModelCard, OverviewResponse, SparkSlot, State
from arguslm_query_api import tables
from arguslm_query_api.model import LocationState, badness, card_state
from arguslm_query_api.reads.models import DISPLAY_NAME, OF_PROVIDER
from arguslm_query_api.reads.monitoring import stored_config
from arguslm_query_api.rollup import slot_start
from arguslm_storage.sketch import Sketch

_MODELS, _PROVIDERS, _ALERTS = tables.models, tables.providers, tables.alerts
_STATES, _ROLLUPS = tables.model_states, tables.rollups


@dataclass(frozen=True, slots=True)
class Range:
    """`slots` slots of `slot_s` seconds, summed from rollups `width_s` wide."""

    slots: int
    slot_s: int
    width_s: int

    def starts(self, now: datetime) -> list[datetime]:
        """The starts of the slots, aligned to UTC; the last slot holds `now`."""
        last = slot_start(now, self.slot_s)
        return [
            last - timedelta(seconds=self.slot_s * before) for before in reversed(range(self.slots))
        ]


RANGES = {
    "1h": Range(12, 300, 300),
    "6h": Range(36, 600, 300),
    "24h": Range(48, 1_800, 1_800),
    "7d": Range(56, 10_800, 10_800),
    "30d": Range(30, 86_400, 86_400),
}


@dataclass(slots=True)
class _Slot:
    checks: int = 0
    failed: int = 0
    ttft_ms: Sketch = field(default_factory=Sketch)


@dataclass(slots=True)
class _Sums:
    """One model over the whole range."""

    checks: int = 0
    available: int = 0
    unavailable: int = 0
    usable: int = 0
    unusable: int = 0
    tokens_per_s: Sketch = field(default_factory=Sketch)
    slots: dict[datetime, _Slot] = field(default_factory=lambda: defaultdict(_Slot))


async def overview(connection: AsyncConnection, *, range: str, now: datetime) -> OverviewResponse:
    """All monitored models, worst first; `range` is one of RANGES."""
    span = RANGES[range]
    starts = span.starts(now)
    config, _, _ = await stored_config(connection)
    locations = await _locations(connection)
    sums = await _sums(connection, span, starts[0])
    open_alerts = await _open_alerts(connection)
    cards = [
        _card(
            row,
            config,
            locations.get(row["model_id"], []),
            sums.get(row["model_id"], _Sums()),
            open_alerts.get(row["model_id"], 0),
            starts,
            now,
        )
        for row in await _watched(connection)
    ]
    cards.sort(key=lambda card: badness(card.state, card.open_alerts, card.uptime_ratio))
    return OverviewResponse(
        range=range,
        generated_at=now,
        **_by_state(cards),
        open_alerts=sum(open_alerts.values()),
        providers=await _count(connection, _PROVIDERS),
        models=await _count(connection, _MODELS),
        items=cards,
    )


async def _watched(connection: AsyncConnection) -> Sequence[RowMapping]:
    """The monitored models, by name."""
    query = (
        select(
            _MODELS,
            DISPLAY_NAME.label("display_name"),
            _PROVIDERS.c.display_name.label("provider_name"),
            _PROVIDERS.c.provider_type,
            _PROVIDERS.c.enabled.label("provider_enabled"),
        )
        .join(_PROVIDERS, OF_PROVIDER)
        .where(_MODELS.c.monitored)
        .order_by(func.lower(DISPLAY_NAME), _MODELS.c.model_id)
    )
    return (await connection.execute(query)).mappings().all()


async def _locations(connection: AsyncConnection) -> dict[UUID, list[LocationState]]:
    query = (
        select(_STATES)
        .join(_MODELS, _MODELS.c.model_id == _STATES.c.model_id)
        .where(_MODELS.c.monitored)
        .order_by(_STATES.c.location)
    )
    locations: dict[UUID, list[LocationState]] = defaultdict(list)
    for row in (await connection.execute(query)).mappings():
        locations[row["model_id"]].append(LocationState(**row))
    return locations


async def _sums(connection: AsyncConnection, span: Range, start: datetime) -> dict[UUID, _Sums]:
    columns = _ROLLUPS.c
    query = (
        select(
            columns.model_id,
            columns.start,
            columns.checks,
            columns.available,
            columns.unavailable,
            columns.usable,
            columns.unusable,
            columns.ttft_ms,
            columns.tokens_per_s,
        )
        .join(_MODELS, _MODELS.c.model_id == columns.model_id)
        .where(_MODELS.c.monitored, columns.width_s == span.width_s, columns.start >= start)
    )
    sums: dict[UUID, _Sums] = defaultdict(_Sums)
    for (
        model_id,
        at,
        checks,
        available,
        unavailable,
        usable,
        unusable,
        ttft,
        speed,
    ) in await connection.execute(query):
        total = sums[model_id]
        total.checks += checks
        total.available += available
        total.unavailable += unavailable
        total.usable += usable
        total.unusable += unusable
        total.tokens_per_s.merge(Sketch.from_json(speed))
        slot = total.slots[at if span.slot_s == span.width_s else slot_start(at, span.slot_s)]
        slot.checks += usable + unusable
        slot.failed += unusable
        slot.ttft_ms.merge(Sketch.from_json(ttft))
    return sums


async def _open_alerts(connection: AsyncConnection) -> dict[UUID | None, int]:
    """Open alerts by model; those of no single model are under None."""
    query = (
        select(_ALERTS.c.model_id, func.count().label("open"))
        .where(_ALERTS.c.resolved_at.is_(None))
        .group_by(_ALERTS.c.model_id)
    )
    return {row.model_id: row.open for row in await connection.execute(query)}


async def _count(connection: AsyncConnection, table: Table) -> int:
    return await connection.scalar(select(func.count()).select_from(table)) or 0


def _card(
    row: RowMapping,
    config: MonitoringConfig,
    locations: Sequence[LocationState],
    sums: _Sums,
    open_alerts: int,
    starts: Sequence[datetime],
    now: datetime,
) -> ModelCard:
    interval_s = row["interval_s"] or config.interval_s
    watched = row["provider_enabled"] and config.enabled
    current = card_state(locations, watched=watched, interval_s=interval_s, now=now)
    last = max(locations, key=_completed_at, default=LocationState(row["model_id"], ""))
    ttft_ms = Sketch()
    for slot in sums.slots.values():
        ttft_ms.merge(slot.ttft_ms)
    return ModelCard(
        model_id=row["model_id"],
        model=row["name"],
        name=row["display_name"],
        provider_id=row["provider_id"],
        provider_name=row["provider_name"],
        provider_type=row["provider_type"],
        state=current.state,
        since=current.since,
        interval_s=interval_s,
        monitored=row["monitored"],
        last_check_at=last.last_completed_at,
        last_outcome=last.last_outcome,
        last_says=last.last_says,
        last_fault_owner=last.last_fault_owner,
        last_ttft_ms=last.last_ttft_ms,
        last_tokens_per_s=last.last_tokens_per_s,
        ttft_p50_ms=ttft_ms.quantile(0.50),
        ttft_p95_ms=ttft_ms.quantile(0.95),
        tokens_per_s_p50=sums.tokens_per_s.quantile(0.50),
        uptime_ratio=_ratio(sums.available, sums.unavailable),
        usable_ratio=_ratio(sums.usable, sums.unusable),
        checks=sums.checks,
        open_alerts=open_alerts,
        slots=[_spark_slot(start, sums.slots.get(start)) for start in starts],
    )


def _completed_at(location: LocationState) -> float:
    return location.last_completed_at.timestamp() if location.last_completed_at else 0.0


def _ratio(good: int, bad: int) -> float | None:
    return good / (good + bad) if good + bad else None


def _spark_slot(start: datetime, slot: _Slot | None) -> SparkSlot:
    """Checks that say nothing of the endpoint leave no mark."""
    if slot is None:
        return SparkSlot(at=start, checks=0, failed=0)
    return SparkSlot(
        at=start,
        checks=slot.checks,
        failed=slot.failed,
        ttft_p50_ms=slot.ttft_ms.quantile(0.50),
    )


def _by_state(cards: Iterable[ModelCard]) -> dict[State, int]:
    counts: dict[State, int] = {"up": 0, "degraded": 0, "down": 0, "unknown": 0, "paused": 0}
    for card in cards:
        counts[card.state] += 1
    return counts
