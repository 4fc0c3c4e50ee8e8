"""What the scheduler can be told."""

from typing import Annotated

from pydantic import Field, field_validator
from pydantic_settings import NoDecode

from arguslm_bus.service import ServiceSettings
from arguslm_contracts.identity import check_location
from arguslm_storage.settings import StorageSettings

DISCOVERY_INTERVAL_S = 21_600


class Settings(ServiceSettings, StorageSettings):
    locations: Annotated[tuple[str, ...], NoDecode] = Field(
        default=("local",),
        min_length=1,
        description="where models are asked from, comma-separated; each needs a prober",
    )

    discovery_interval_s: int = Field(
        default=DISCOVERY_INTERVAL_S,
        ge=60,
        description="how often providers are asked which models they have, in seconds",
    )

    @field_validator("locations", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        return [part.strip() for part in value.split(",")] if isinstance(value, str) else value

    @field_validator("locations")
    @classmethod
    def _are_locations(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(check_location(name) for name in dict.fromkeys(value))
