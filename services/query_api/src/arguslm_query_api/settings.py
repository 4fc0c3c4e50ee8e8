"""What the query API can be told."""

from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import NoDecode, SettingsConfigDict

from arguslm_bus.retention import ChecksRetention
from arguslm_bus.service import ServiceSettings
from arguslm_contracts.identity import check_location
from arguslm_storage.settings import StorageSettings


class Settings(ServiceSettings, StorageSettings, ChecksRetention):
    # Compose files pass an unset variable on as an empty one.
    model_config = SettingsConfigDict(env_ignore_empty=True)

    host: str = Field(default="127.0.0.1", description="address the API and dashboard listen on")
    port: int = Field(default=8000, ge=0, le=65535, description="0 picks a free one")
    public_url: str | None = Field(
        default=None, description="the address people use; default http://host:port"
    )
    allowed_origins: Annotated[tuple[str, ...], NoDecode] = Field(
        default=(), description="further web origins whose pages may use a session, comma-separated"
    )
    trusted_proxies: str = Field(
        default="", description="addresses or networks whose X-Forwarded-* headers count"
    )
    dashboard_dir: Path | None = Field(default=None, description="the built dashboard's files")
    admin_key: SecretStr | None = Field(
        default=None, min_length=16, description="the first admin API key"
    )
    jwt_key: SecretStr | None = Field(
        default=None,
        min_length=32,
        description="signs sessions; default data_dir/keys/jwt.key, created if missing",
    )
    location: str = Field(default="local", description="whose prober tests connections")
    allow_private_addresses: bool = Field(
        default=True, description="whether providers and webhooks may be on private networks"
    )

    @field_validator("location")
    @classmethod
    def _one_token(cls, value: str) -> str:
        return check_location(value)

    @field_validator("public_url")
    @classmethod
    def _web_address(cls, value: str | None) -> str | None:
        parts = urlsplit(value or "http://unset")
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError("has to be an http or https address")
        return value

    @field_validator("dashboard_dir")
    @classmethod
    def _has_a_page(cls, value: Path | None) -> Path | None:
        if value is not None and not (value / "index.html").is_file():
            raise ValueError(f"{value} holds no index.html; build the dashboard first")
        return value

    @field_validator("allowed_origins", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(part.strip() for part in value.split(",") if part.strip())
        return value

    @property
    def shown_url(self) -> str:
        """The address for people, without a slash at the end."""
        if self.public_url is not None:
            return self.public_url.rstrip("/")
        return f"http://{self.host}:{self.port}"
