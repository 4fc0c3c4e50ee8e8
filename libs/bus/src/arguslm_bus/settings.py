"""How to reach the bus."""

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class BusSettings(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="ARGUSLM_")

    nats_url: str = Field(
        default="nats://127.0.0.1:4222", description="nats:// or tls:// address, no credentials"
    )
    nats_user: str | None = Field(default=None, description="default: the service's own name")
    nats_password: SecretStr | None = None
    nats_ca_file: str | None = Field(default=None, description="CA that signed the bus's TLS key")
