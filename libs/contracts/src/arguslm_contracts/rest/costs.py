"""What checks and benchmarks cost."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import Field

from arguslm_contracts.rest.base import Shape

CostsBy = Literal["model", "provider", "day"]


class Bill(Shape):
    """`usd` is the cost of the `priced` requests, None where there are none; what the `unpriced`
    ones cost nobody knows. Requests that were never sent are in neither."""

    usd: float | None = None
    priced: int = 0
    unpriced: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    reasoning_tokens: int = Field(default=0, description="part of the output")
    cached_tokens: int = Field(default=0, description="part of the input")


class CostLine(Bill):
    """The bill of one model, provider or day. A model that is gone has an id and no names; all
    that was spent at providers that are gone is in one line without an id."""

    day: datetime | None = None
    model_id: UUID | None = None
    model_name: str | None = None
    provider_id: UUID | None = None
    provider_name: str | None = None


class CostsResponse(Shape):
    """Whole days in UTC, the last one is today. Connection tests are not counted."""

    start: datetime
    end: datetime
    by: CostsBy
    total: Bill
    items: list[CostLine]
