"""Budgets: what may be spent on a day."""

from datetime import datetime
from uuid import UUID

from pydantic import Field

from arguslm_contracts.rest.base import Command, Shape


class BudgetCreate(Command):
    """Of a provider's key or of one model; of everything when neither is given."""

    name: str = Field(min_length=1, max_length=255)
    provider_id: UUID | None = None
    model_id: UUID | None = None
    usd_per_day: float = Field(gt=0, le=1_000_000)


class BudgetUpdate(Command):
    name: str | None = Field(default=None, min_length=1, max_length=255)
    usd_per_day: float | None = Field(default=None, gt=0, le=1_000_000)


class BudgetResponse(Shape):
    """The day is today's, in UTC. `used_usd` is what checks cost and what benchmarks may cost at
    most, `booked_usd` the benchmarks' part; `unpriced` checks cost what nobody knows."""

    id: UUID
    name: str
    provider_id: UUID | None = None
    model_id: UUID | None = None
    usd_per_day: float
    used_usd: float = 0.0
    booked_usd: float = 0.0
    left_usd: float = 0.0
    unpriced: int = 0
    revision: int = 1
    created_at: datetime


class BudgetList(Shape):
    items: list[BudgetResponse]
