"""CHECKS: how much of each budget is used."""

from datetime import datetime
from typing import ClassVar
from uuid import UUID

from pydantic import Field

from arguslm_contracts.events.base import Event

STEP_PERCENT = 5


class SpendingReported(Event):
    """What is used of a budget on its `day` (midnight in UTC): each time it reaches another step
    of 5 percent, and 0 when a new day begins. 100 is all of it, or more. The last one holds: it
    may put right what another scheduler has said on older news."""

    name: ClassVar[str] = "spending.reported"
    budget_id: UUID
    budget_name: str
    day: datetime
    used_percent: int = Field(ge=0, le=100, multiple_of=STEP_PERCENT)
    used_usd: float
    usd_per_day: float
    at: datetime

    @property
    def key(self) -> str:
        return str(self.budget_id)

    @property
    def identity(self) -> str:
        return f"{self.budget_id}:{self.at.isoformat()}:{self.used_percent}"
