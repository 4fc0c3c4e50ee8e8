"""Where the tables and the keys are."""

from pathlib import Path

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class StorageSettings(BaseSettings):
    """`database_url` empty means SQLite, one file per service in `data_dir`."""

    # Compose files and shells pass an unset variable on as an empty one.
    model_config = SettingsConfigDict(env_prefix="ARGUSLM_", env_ignore_empty=True)

    data_dir: Path = Field(default=Path(".arguslm"), description="tables, keys, event store")
    database_url: SecretStr | None = Field(
        default=None, description="postgresql+asyncpg://...; without it SQLite in data_dir"
    )
    database_password_file: Path | None = Field(
        default=None, description="file that holds the password, where database_url has none"
    )
    encryption_key: SecretStr | None = Field(
        default=None, description="Fernet keys, newest first, comma-separated"
    )
    encryption_key_file: Path | None = Field(
        default=None, description="file of Fernet keys; default data_dir/keys/fernet.key"
    )
