"""How we get out: where we may go, by which proxies, and whom we trust there."""

import ssl
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import Field, ValidationInfo, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from arguslm_egress.policy import EgressPolicy
from arguslm_llm.proxy import Proxies, proxies_in_environment
from arguslm_llm.tls import default_ssl_context, ssl_context


@dataclass(frozen=True, slots=True)
class Network:
    """The same for everything a process asks. `tls` None is the machine's own authorities."""

    egress: EgressPolicy = field(default_factory=EgressPolicy)
    proxies: Proxies = field(default_factory=Proxies)
    tls: ssl.SSLContext | None = None

    @property
    def ssl_context(self) -> ssl.SSLContext:
        return self.tls or default_ssl_context()


class NetworkSettings(BaseSettings):
    """What a service that asks endpoints can be told about the way to them."""

    model_config = SettingsConfigDict(env_prefix="ARGUSLM_", env_ignore_empty=True)

    allow_private_addresses: bool = Field(
        default=True, description="whether providers and webhooks may be on private networks"
    )
    ca_file: Path | None = Field(
        default=None, description="further authorities whose certificates are trusted (PEM)"
    )
    client_cert_file: Path | None = Field(
        default=None, description="our own certificate, for endpoints that ask for one (PEM)"
    )
    client_key_file: Path | None = Field(
        default=None, description="its key, where client_cert_file does not hold it"
    )

    @field_validator("ca_file")
    @classmethod
    def _holds_authorities(cls, file: Path | None) -> Path | None:
        if file is not None:
            ssl_context(ca_file=file)
        return file

    @field_validator("client_key_file")
    @classmethod
    def _belongs_to_a_certificate(cls, file: Path | None, info: ValidationInfo) -> Path | None:
        if file is not None and info.data.get("client_cert_file") is None:
            raise ValueError("there is no ARGUSLM_CLIENT_CERT_FILE that it belongs to")
        return file

    @model_validator(mode="after")
    def _can_be_used(self) -> "NetworkSettings":
        self.network()
        return self

    def network(self) -> Network:
        """Raises ValueError for files or proxies that cannot be used."""
        files = (self.ca_file, self.client_cert_file, self.client_key_file)
        return Network(
            EgressPolicy(allow_private=self.allow_private_addresses),
            proxies_in_environment(),
            ssl_context(*files) if any(files) else None,
        )
