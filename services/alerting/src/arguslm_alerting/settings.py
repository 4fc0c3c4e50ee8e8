"""What alerting can be told."""

from pydantic import Field

from arguslm_bus.service import ServiceSettings
from arguslm_storage.settings import StorageSettings


class Settings(ServiceSettings, StorageSettings):
    allow_private_addresses: bool = Field(
        default=True, description="whether providers and webhooks may be on private networks"
    )
