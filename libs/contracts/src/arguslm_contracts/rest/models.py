"""Models: what is watched and benchmarked."""

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import Field

from arguslm_contracts.measurement import Price
from arguslm_contracts.model_facts import ModelFacts
from arguslm_contracts.rest.base import Command, Shape


class ModelCreate(Command):
    """`model_id` is the provider's own name for the model; every character is allowed."""

    provider_account_id: UUID
    model_id: str = Field(min_length=1, max_length=500)
    custom_name: str | None = Field(default=None, max_length=255)
    metadata: dict[str, Any] | None = None
    enabled_for_monitoring: bool = False
    enabled_for_benchmark: bool = True
    interval_s: int | None = Field(default=None, ge=10, le=86_400)


class PriceGiven(Command):
    """US dollars per million tokens. What is left out costs as other input and output."""

    input_usd_per_million_tokens: float = Field(ge=0, le=1_000_000)
    output_usd_per_million_tokens: float = Field(ge=0, le=1_000_000)
    cached_input_usd_per_million_tokens: float | None = Field(default=None, ge=0, le=1_000_000)
    reasoning_usd_per_million_tokens: float | None = Field(default=None, ge=0, le=1_000_000)


class ModelUpdate(Command):
    """Only what is given changes; null clears `custom_name`, `interval_s` and `price`. To switch
    monitoring on for a model that its provider no longer lists is to vouch for it: it is no longer
    retired."""

    custom_name: str | None = Field(default=None, max_length=255)
    enabled_for_monitoring: bool | None = None
    enabled_for_benchmark: bool | None = None
    interval_s: int | None = Field(default=None, ge=10, le=86_400)
    price: PriceGiven | None = None


class ModelResponse(Shape):
    id: UUID
    provider_account_id: UUID
    provider_name: str | None = None
    provider_type: str | None = None
    model_id: str
    custom_name: str | None = None
    source: str
    enabled_for_monitoring: bool
    enabled_for_benchmark: bool
    interval_s: int | None = None
    model_metadata: dict[str, Any] = {}
    facts: ModelFacts = ModelFacts()
    price: Price | None = Field(default=None, description="as a person gave it")
    retired_at: datetime | None = None
    revision: int = 1
    created_at: datetime


class ModelListResponse(Shape):
    items: list[ModelResponse]
    total: int
    has_more: bool
    limit: int
    offset: int
