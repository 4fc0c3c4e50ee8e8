"""What checks and benchmarks cost, from sums of whole days."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, RowMapping, Select, Subquery, func, select, union_all
from sqlalchemy.ext.asyncio import AsyncConnection

from arguslm_contracts.rest.costs import Bill, CostLine, CostsBy, CostsResponse
from arguslm_query_api import tables
from arguslm_query_api.reads.models import DISPLAY_NAME
from arguslm_query_api.rollup import CHARGES, slot_start

DAY_S = 86_400

_MODELS, _PROVIDERS = tables.models, tables.providers
_CHECKS, _SAMPLES = tables.rollups, tables.benchmark_bills


async def costs(
    connection: AsyncConnection, *, by: CostsBy, days: int, now: datetime
) -> CostsResponse:
    """The last `days` days, the dearest first, or day by day."""
    today = slot_start(now, DAY_S)
    start = today - timedelta(days=days - 1)
    rows = (await connection.execute(_lines(by, _spent(start)))).mappings().all()
    items = [_line(row) for row in rows]
    if by != "day":
        items.sort(key=lambda line: (-(line.usd or 0), -line.unpriced, line.model_name or ""))
    return CostsResponse(
        start=start,
        end=today + timedelta(days=1),
        by=by,
        total=Bill(**_amounts(rows)),
        items=items,
    )


def _spent(start: datetime) -> Subquery:
    """One row for each model, location and day of checks, and one for each sample."""
    checks = select(
        _CHECKS.c.model_id, _CHECKS.c.start.label("day"), *(_CHECKS.c[name] for name in CHARGES)
    ).where(_CHECKS.c.width_s == DAY_S, _CHECKS.c.start >= start)
    samples = select(
        _SAMPLES.c.model_id, _SAMPLES.c.day, *(_SAMPLES.c[name] for name in CHARGES)
    ).where(_SAMPLES.c.day >= start)
    return union_all(checks, samples).subquery()


def _lines(by: CostsBy, spent: Subquery) -> Select[Any]:
    """Those lines that something was asked for."""
    model = (
        spent.c.model_id,
        DISPLAY_NAME.label("model_name"),
        _MODELS.c.provider_id,
        _PROVIDERS.c.display_name.label("provider_name"),
    )
    told: dict[CostsBy, tuple[ColumnElement[Any], ...]] = {
        "model": model,
        "provider": model[2:],
        "day": (spent.c.day,),
    }
    return (
        select(*told[by], *(func.sum(spent.c[name]).label(name) for name in CHARGES))
        .select_from(spent)
        .outerjoin(_MODELS, _MODELS.c.model_id == spent.c.model_id)
        .outerjoin(_PROVIDERS, _PROVIDERS.c.provider_id == _MODELS.c.provider_id)
        .group_by(*told[by])
        .having(func.sum(spent.c.priced + spent.c.unpriced) > 0)
        .order_by(told[by][0])
    )


def _line(row: RowMapping) -> CostLine:
    named = {
        name: row[name] for name in CostLine.model_fields if name in row and name not in CHARGES
    }
    return CostLine(**named, **_amounts([row]))


def _amounts(rows: Iterable[RowMapping]) -> dict[str, Any]:
    """PostgreSQL adds up whole numbers to decimal ones."""
    sums = dict.fromkeys(CHARGES, 0)
    for row in rows:
        for name in CHARGES:
            sums[name] += int(row[name])
    nano_usd = sums.pop("cost_nano_usd")
    return {**sums, "usd": nano_usd / 1e9 if sums["priced"] else None}
