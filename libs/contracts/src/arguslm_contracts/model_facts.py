"""What a provider tells of a model when it lists it."""

from datetime import datetime

from pydantic import Field

from arguslm_contracts.measurement import Price
from arguslm_contracts.record import Record


class ModelFacts(Record):
    """Only what the provider said; None is "it did not say". Prices are in US dollars."""

    context_length: int | None = Field(default=None, ge=0, description="tokens")
    max_output_tokens: int | None = Field(default=None, ge=0)
    input_usd_per_million_tokens: float | None = Field(default=None, ge=0)
    output_usd_per_million_tokens: float | None = Field(default=None, ge=0)
    size_bytes: int | None = Field(default=None, ge=0)
    parameters: str | None = Field(default=None, description='in its own words, such as "8B"')
    quantization: str | None = None
    owner: str | None = None
    created_at: datetime | None = None

    @property
    def price(self) -> Price | None:
        """None unless both sides are told."""
        told = (self.input_usd_per_million_tokens, self.output_usd_per_million_tokens)
        if told[0] is None or told[1] is None:
            return None
        return Price(
            input_usd_per_million_tokens=told[0],
            output_usd_per_million_tokens=told[1],
            source="provider",
        )
