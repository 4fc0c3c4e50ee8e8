"""How to reach the bus."""

from pathlib import Path

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class BusSettings(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="ARGUSLM_")

    nats_url: str = Field(
        default="nats://127.0.0.1:4222", description="nats:// or tls:// address, no credentials"
    )
    nats_user: str | None = Field(default=None, description="default: the service's own name")
    nats_password: SecretStr | None = None
    nats_password_file: Path | None = Field(
        default=None, description="file that holds the password, where none is given"
    )
    nats_ca_file: str | None = Field(default=None, description="CA that signed the bus's TLS key")

    def read_nats_password(self) -> str | None:
        """The password: as given, else as its file holds it now.

        Raises:
            OSError: the file cannot be read.
        """
        if self.nats_password is not None:
            return self.nats_password.get_secret_value()
        if self.nats_password_file is not None:
            return self.nats_password_file.read_text().strip()
        return None
