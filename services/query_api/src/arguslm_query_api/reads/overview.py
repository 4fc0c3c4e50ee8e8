"""Every watched model at a glance, from a handful of queries whatever their number."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Column, RowMapping, Select, Table, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from arguslm_contracts.events.registry import MonitoringConfig
from arguslm_contracts.rest.monitoring import ModelCard, OverviewResponse, SparkSlot, State
from arguslm_query_api import tables
from arguslm_query_api.model import LocationState, badness, card_state
from arguslm_query_api.reads.models import DISPLAY_NAME, OF_PROVIDER, WATCHED
from arguslm_query_api.reads.monitoring import stored_config
from arguslm_query_api.rollup import cover, slot_start
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
    """`ttft` is the merged sketch in its stored form, where a slot has more than one rollup."""

    checks: int = 0
    failed: int = 0
    ttft_p50_ms: float | None = None
    ttft: Counter[str] = field(default_factory=Counter)


@dataclass(slots=True)
class _Sums:
    """One model over the whole range; the sketches are merged in their stored form, key by key,
    which spares thousands of conversions."""

    checks: int = 0
    available: int = 0
    unavailable: int = 0
    usable: int = 0
    unusable: int = 0
    ttft: Counter[str] = field(default_factory=Counter)
    tokens_per_s: Counter[str] = field(default_factory=Counter)
    slots: dict[datetime, _Slot] = field(default_factory=lambda: defaultdict(_Slot))


async def overview(connection: AsyncConnection, *, range: str, now: datetime) -> OverviewResponse:
    """All monitored models, worst first; `range` is one of RANGES."""
    span = RANGES[range]
    starts = span.starts(now)
    config, _, _ = await stored_config(connection)
    watched = {row["model_id"]: row for row in await _watched(connection)}
    locations = await _locations(connection)
    merging = span.slot_s > span.width_s or _several_locations(locations)
    sums = await _sums(connection, watched.keys(), span, starts[0], now, merging=merging)
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
        for row in watched.values()
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
        .where(WATCHED)
        .order_by(func.lower(DISPLAY_NAME), _MODELS.c.model_id)
    )
    return (await connection.execute(query)).mappings().all()


async def _locations(connection: AsyncConnection) -> dict[UUID, list[LocationState]]:
    query = (
        select(_STATES)
        .join(_MODELS, _MODELS.c.model_id == _STATES.c.model_id)
        .where(WATCHED)
        .order_by(_STATES.c.location)
    )
    locations: dict[UUID, list[LocationState]] = defaultdict(list)
    for row in (await connection.execute(query)).mappings():
        locations[row["model_id"]].append(LocationState(**row))
    return locations


async def _sums(
    connection: AsyncConnection,
    models: Collection[UUID],
    span: Range,
    start: datetime,
    now: datetime,
    *,
    merging: bool,
) -> dict[UUID, _Sums]:
    sums: dict[UUID, _Sums] = defaultdict(_Sums)
    await _add_slots(connection, models, sums, span, start, merging=merging)
    for width_s, since, until in cover(start, now):
        query = _rollups(models, _ROLLUPS.c.ttft_ms, _ROLLUPS.c.tokens_per_s).where(
            _ROLLUPS.c.width_s == width_s, _ROLLUPS.c.start >= since
        )
        if until is not None:
            query = query.where(_ROLLUPS.c.start < until)
        for model_id, ttft, tokens_per_s in await connection.execute(query):
            sums[model_id].ttft.update(ttft)
            sums[model_id].tokens_per_s.update(tokens_per_s)
    return sums


async def _add_slots(
    connection: AsyncConnection,
    models: Collection[UUID],
    sums: dict[UUID, _Sums],
    span: Range,
    start: datetime,
    *,
    merging: bool,
) -> None:
    """The counts; and the sketches too where a slot is `merging` several rollups."""
    columns = _ROLLUPS.c
    query = _rollups(
        models,
        columns.start,
        columns.checks,
        columns.available,
        columns.unavailable,
        columns.usable,
        columns.unusable,
        columns.ttft_p50_ms,
        *((columns.ttft_ms,) if merging else ()),
    ).where(columns.width_s == span.width_s, columns.start >= start)
    for (
        model_id,
        at,
        checks,
        available,
        unavailable,
        usable,
        unusable,
        p50,
        *ttft,
    ) in await connection.execute(query):
        total = sums[model_id]
        total.checks += checks
        total.available += available
        total.unavailable += unavailable
        total.usable += usable
        total.unusable += unusable
        slot = total.slots[slot_start(at, span.slot_s) if merging else at]
        slot.checks += usable + unusable
        slot.failed += unusable
        slot.ttft_p50_ms = p50
        for sketch in ttft:
            slot.ttft.update(sketch)


def _rollups(models: Collection[UUID], *columns: Column[Any]) -> Select[tuple[Any, ...]]:
    """Asked by id rather than by a join, which SQLite would answer by reading every rollup."""
    return select(_ROLLUPS.c.model_id, *columns).where(_ROLLUPS.c.model_id.in_(models))


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
    ttft_ms = Sketch.from_json(sums.ttft)
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
        tokens_per_s_p50=Sketch.from_json(sums.tokens_per_s).quantile(0.50),
        uptime_ratio=_ratio(sums.available, sums.unavailable),
        usable_ratio=_ratio(sums.usable, sums.unusable),
        checks=sums.checks,
        open_alerts=open_alerts,
        slots=[_spark_slot(start, sums.slots.get(start)) for start in starts],
    )


def _several_locations(locations: Mapping[UUID, Sequence[LocationState]]) -> bool:
    return any(len(of_model) > 1 for of_model in locations.values())


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
        ttft_p50_ms=Sketch.from_json(slot.ttft).quantile(0.50) if slot.ttft else slot.ttft_p50_ms,
    )


def _by_state(cards: Iterable[ModelCard]) -> dict[State, int]:
    counts: dict[State, int] = {"up": 0, "degraded": 0, "down": 0, "unknown": 0, "paused": 0}
    for card in cards:
        counts[card.state] += 1
    return counts
