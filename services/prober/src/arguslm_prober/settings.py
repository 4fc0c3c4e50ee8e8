"""What the prober can be told."""

from pydantic import Field, field_validator

from arguslm_bus.service import ServiceSettings
from arguslm_contracts.identity import check_location
from arguslm_llm.http1 import ProtocolError, origin_of
from arguslm_llm.network import NetworkSettings
from arguslm_storage.settings import StorageSettings


class Settings(ServiceSettings, StorageSettings, NetworkSettings):
    location: str = Field(default="local", description="where this prober asks from")
    # A hung endpoint holds its place for half a minute or more: places must outnumber those.
    probe_concurrency: int = Field(
        default=256, ge=1, le=10_000, description="checks in flight at once in this process"
    )

    reference_url: str | None = Field(
        default=None,
        description="asked when an endpoint cannot be reached: if it does not answer either, "
        "our own network is down",
    )

    @field_validator("reference_url")
    @classmethod
    def _is_url(cls, value: str | None) -> str | None:
        if value is not None:
            try:
                origin_of(value)
            except ProtocolError as error:
                raise ValueError(str(error)) from error
        return value

    @field_validator("location")
    @classmethod
    def _is_location(cls, value: str) -> str:
        return check_location(value)
