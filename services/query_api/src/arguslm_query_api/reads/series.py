"""One model over time, in buckets of equal width: never more points than were asked for."""

import math
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol
from uuid import UUID

from sqlalchemy import RowMapping, select
from sqlalchemy.ext.asyncio import AsyncConnection

from arguslm_contracts.probes import ProbeKind
from arguslm_contracts.rest.monitoring import SeriesBucket, SeriesResponse
from arguslm_query_api import tables
from arguslm_query_api.horizon import given_up
from arguslm_query_api.model import exact_quantile
from arguslm_query_api.reads.monitoring import stored_config
from arguslm_query_api.rollup import SKETCHES, Rollup, slot_start

_CHECKS, _ROLLUPS, _MODELS = tables.checks, tables.rollups, tables.models

LONGEST_RAW_S = 3 * 3600

_DAY_S = 86_400
_WIDTHS_S = (
    *(1, 2, 5, 10, 15, 20, 30, 60, 120),
    *(300, 600, 900, 1_800, 3_600, 7_200, 10_800, 21_600, 43_200),
    *(_DAY_S * days for days in (1, 2, 7, 14, 28)),
)


async def series(
    connection: AsyncConnection, *, model_id: UUID, start: datetime, end: datetime, buckets: int
) -> SeriesResponse:
    """At most `buckets` buckets from before `start` to after `end`, none narrower than the
    model's interval. Up to three hours come from the checks themselves, more from rollups; what
    reaches back to checks that have been given up, from those rollups that outlive them.

    Raises:
        ValueError: `end` is not after `start`, or `buckets` is less than 2.
    """
    if end <= start or buckets < 2:
        raise ValueError("a series needs an end after its start, and at least 2 buckets")
    _, kept_since = await given_up(connection)
    widths_s = tables.ROLLUP_WIDTHS_S if start >= kept_since else tables.LASTING_WIDTHS_S
    raw = (end - start).total_seconds() <= LONGEST_RAW_S and start >= kept_since
    narrowest_s = await _interval_s(connection, model_id)
    if not raw:
        narrowest_s = max(narrowest_s, widths_s[0])
    bucket_s = _bucket_width(start, end, buckets, narrowest_s)
    first, last = slot_start(start, bucket_s), slot_start(_last_moment(end), bucket_s)
    until = last + timedelta(seconds=bucket_s)
    read = _from_checks if raw else _from_rollups
    filled = await read(connection, model_id, first, until, bucket_s)
    starts = [
        first + timedelta(seconds=bucket_s * number)
        for number in range((until - first) // timedelta(seconds=bucket_s))
    ]
    return SeriesResponse(
        model_id=model_id,
        start=first,
        end=until,
        bucket_s=bucket_s,
        buckets=[_bucket(at, filled.get(at)) for at in starts],
    )


async def _interval_s(connection: AsyncConnection, model_id: UUID) -> int:
    """How often a model is checked; a finer bucket would only be empty."""
    query = select(_MODELS.c.interval_s).where(_MODELS.c.model_id == model_id)
    config, _, _ = await stored_config(connection)
    return await connection.scalar(query) or config.interval_s


def _bucket_width(start: datetime, end: datetime, buckets: int, narrowest_s: int) -> int:
    """The narrowest of the round widths that gives no more than `buckets` aligned buckets."""
    for width_s in _WIDTHS_S:
        if width_s >= narrowest_s and _aligned(start, end, width_s) <= buckets:
            return width_s
    days = math.ceil((end - start).total_seconds() / (_DAY_S * (buckets - 1)))
    return _DAY_S * days


def _aligned(start: datetime, end: datetime, width_s: int) -> int:
    """How many aligned buckets hold the time from start to end."""
    first, last = slot_start(start, width_s), slot_start(_last_moment(end), width_s)
    return (last - first) // timedelta(seconds=width_s) + 1


def _last_moment(end: datetime) -> datetime:
    return end - timedelta(microseconds=1)


class _Filled(Protocol):
    """What a bucket is made from: a rollup, or the checks themselves."""

    checks: int
    available: int
    unavailable: int

    def quantile(self, speed: str, q: float) -> float | None: ...


@dataclass(slots=True)
class _Raw:
    """The checks of a bucket; their quantiles are exact."""

    checks: int = 0
    available: int = 0
    unavailable: int = 0
    speeds: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))

    def add(self, row: RowMapping) -> None:
        self.checks += 1
        self.available += row["available"] is True
        self.unavailable += row["available"] is False
        for name in SKETCHES if row["usable"] and row["trustworthy"] else ():
            if row[name] is not None:
                self.speeds[name].append(row[name])

    def quantile(self, speed: str, q: float) -> float | None:
        return exact_quantile(sorted(self.speeds[speed]), q)


async def _from_checks(
    connection: AsyncConnection, model_id: UUID, first: datetime, until: datetime, bucket_s: int
) -> dict[datetime, _Filled]:
    columns = _CHECKS.c
    query = select(
        columns.completed_at,
        columns.available,
        columns.usable,
        columns.trustworthy,
        *(columns[name] for name in SKETCHES),
    ).where(
        columns.model_id == model_id,
        columns.kind == ProbeKind.LIVENESS,
        columns.completed_at >= first,
        columns.completed_at < until,
    )
    filled: dict[datetime, _Raw] = defaultdict(_Raw)
    for row in (await connection.execute(query)).mappings():
        filled[slot_start(row["completed_at"], bucket_s)].add(row)
    return {**filled}


async def _from_rollups(
    connection: AsyncConnection, model_id: UUID, first: datetime, until: datetime, bucket_s: int
) -> dict[datetime, _Filled]:
    width_s = max(width for width in tables.ROLLUP_WIDTHS_S if bucket_s % width == 0)
    query = select(_ROLLUPS).where(
        _ROLLUPS.c.width_s == width_s,
        _ROLLUPS.c.model_id == model_id,
        _ROLLUPS.c.start >= first,
        _ROLLUPS.c.start < until,
    )
    sums: dict[datetime, Rollup] = defaultdict(Rollup)
    for row in (await connection.execute(query)).mappings():
        sums[slot_start(row["start"], bucket_s)].merge(Rollup.from_row(row))
    return {**sums}


def _bucket(at: datetime, filled: _Filled | None) -> SeriesBucket:
    if filled is None:
        return SeriesBucket(at=at, checks=0, available=0, unavailable=0)
    return SeriesBucket(
        at=at,
        checks=filled.checks,
        available=filled.available,
        unavailable=filled.unavailable,
        ttft_p50_ms=filled.quantile("ttft_ms", 0.50),
        ttft_p95_ms=filled.quantile("ttft_ms", 0.95),
        tokens_per_s_p50=filled.quantile("tokens_per_s", 0.50),
        tokens_per_s_p05=filled.quantile("tokens_per_s", 0.05),
        total_p50_ms=filled.quantile("total_ms", 0.50),
        total_p95_ms=filled.quantile("total_ms", 0.95),
    )
