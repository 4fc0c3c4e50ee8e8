"""Providers: accounts at LLM vendors, and local servers."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field, field_serializer

from arguslm_contracts.rest.base import Command, Shape

PerMinute = Annotated[
    int,
    Field(
        ge=0,
        le=100_000,
        description="most checks and probes a minute, of all models at all locations; 0: no limit",
    ),
]
MaxConcurrent = Annotated[
    int,
    Field(
        ge=0, le=10_000, description="most checks in flight at once at each location; 0: no limit"
    ),
]


class ProviderCreate(Command):
    """`credentials` takes `api_key`, `base_url`, `region` and the like, as in 0.x; the secret ones
    are encrypted before they leave the request."""

    provider_type: str = Field(min_length=1)
    display_name: str = Field(min_length=1, max_length=255)
    credentials: dict[str, Any] = Field(default_factory=dict)
    enabled: bool = True
    discover: bool = Field(default=True, description="list the provider's models at once")
    monitor_discovered: bool = Field(default=False, description="watch every model found")
    requests_per_minute: PerMinute = 0
    max_concurrent: MaxConcurrent = 0


class ProviderUpdate(Command):
    """Only what is given changes. `credentials` is merged key by key; null removes a key."""

    display_name: str | None = Field(default=None, min_length=1, max_length=255)
    credentials: dict[str, Any] | None = None
    enabled: bool | None = None
    monitor_discovered: bool | None = None
    requests_per_minute: PerMinute | None = None
    max_concurrent: MaxConcurrent | None = None

    @field_serializer("credentials", when_used="json-unless-none")
    def _hidden(self, credentials: dict[str, Any]) -> dict[str, str]:
        return dict.fromkeys(credentials, "**********")


class ProviderDiscovery(Shape):
    """How the last discovery went."""

    at: datetime
    outcome: str
    message: str | None = None
    models_found: int


class ProviderResponse(Shape):
    id: UUID
    provider_type: str
    display_name: str
    enabled: bool
    base_url: str | None = None
    region: str | None = None
    settings: dict[str, str] = {}
    has_credentials: bool = False
    monitor_discovered: bool = False
    requests_per_minute: int = 0
    max_concurrent: int = 0
    model_count: int = 0
    monitored_count: int = 0
    discovery: ProviderDiscovery | None = None
    revision: int = 1
    created_at: datetime
    updated_at: datetime


class ProviderListResponse(Shape):
    providers: list[ProviderResponse]
    total: int


class ProviderFurtherField(Shape):
    """A field of `credentials` that other types do not have."""

    name: str
    label: str
    secret: bool
    required: bool


class ProviderSpecResponse(Shape):
    """What a provider type needs. `route` is how its requests are sent and timed: `captured` (our
    wire sends what LiteLLM built), `injected` (our wire beneath LiteLLM) or `client_library`.
    `verified` is `recording`, `simulation` or `unverified`. One of `key_choices` is needed, where
    there are any: each names fields that belong together. Without its label there is no key, or
    no base URL."""

    id: str
    label: str
    tested: bool
    requires_api_key: bool
    requires_base_url: bool
    requires_region: bool
    show_org_fields: bool
    default_base_url: str | None = None
    api_key_label: str | None = None
    base_url_label: str | None = None
    region_options: list[tuple[str, str]] = []
    further_fields: list[ProviderFurtherField] = []
    key_choices: list[list[str]] = []
    needs: list[str] = []
    route: str = "captured"
    verified: str = "unverified"


class ProviderCatalogResponse(Shape):
    providers: dict[str, ProviderSpecResponse]
    total: int
    tested_count: int


class ProviderTestResponse(Shape):
    """`details` holds outcome, model asked, http_status, ttft_ms and total_ms where known."""

    success: bool
    message: str
    details: dict[str, Any] | None = None


class ProviderRefreshResponse(Shape):
    success: bool
    models_discovered: int
    message: str
    models_added: int = 0


class ProviderOffer(Shape):
    """Found on this machine, not added yet: a key in the environment or a local server."""

    id: str
    provider_type: str
    display_name: str
    found: str = Field(description="where it was found; never the key itself")
    base_url: str | None = None


class ProviderOfferList(Shape):
    offers: list[ProviderOffer]
