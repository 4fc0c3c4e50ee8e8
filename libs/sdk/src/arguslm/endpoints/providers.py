"""Providers: accounts at LLM vendors, and local servers."""

from typing import Any

from arguslm.call import UNSET, Call, Id, Unset, body_of, changes, endpoint, nothing, path, shape
from arguslm_contracts.rest import providers as shapes


class ProviderEndpoints:
    @endpoint
    def list_providers(self) -> Call[shapes.ProviderListResponse]:
        return Call("GET", path("providers"), shape(shapes.ProviderListResponse))

    @endpoint
    def get_provider(self, provider_id: Id) -> Call[shapes.ProviderResponse]:
        return Call("GET", path("providers", provider_id), shape(shapes.ProviderResponse))

    @endpoint
    def create_provider(self, provider: shapes.ProviderCreate) -> Call[shapes.ProviderResponse]:
        """Its models are discovered at once, unless `discover` is False."""
        return Call(
            "POST", path("providers"), shape(shapes.ProviderResponse), body=body_of(provider)
        )

    @endpoint
    def update_provider(
        self,
        provider_id: Id,
        update: shapes.ProviderUpdate | None = None,
        *,
        display_name: str | Unset = UNSET,
        credentials: dict[str, Any] | Unset = UNSET,
        enabled: bool | Unset = UNSET,
        monitor_discovered: bool | Unset = UNSET,
        requests_per_minute: int | Unset = UNSET,
        max_concurrent: int | Unset = UNSET,
        revision: int | None = None,
    ) -> Call[shapes.ProviderResponse]:
        """Change only what is given. `credentials` is merged key by key; None removes a key."""
        body = changes(
            shapes.ProviderUpdate,
            update,
            display_name=display_name,
            credentials=credentials,
            enabled=enabled,
            monitor_discovered=monitor_discovered,
            requests_per_minute=requests_per_minute,
            max_concurrent=max_concurrent,
        )
        return Call(
            "PATCH",
            path("providers", provider_id),
            shape(shapes.ProviderResponse),
            body=body,
            revision=revision,
        )

    @endpoint
    def delete_provider(self, provider_id: Id) -> Call[None]:
        """Removes its models too, and destroys its credentials."""
        return Call("DELETE", path("providers", provider_id), nothing)

    @endpoint
    def get_provider_catalog(self) -> Call[shapes.ProviderCatalogResponse]:
        """Every provider type, and what each one needs."""
        return Call("GET", path("providers", "catalog"), shape(shapes.ProviderCatalogResponse))

    @endpoint
    def test_provider_connection(
        self, provider: shapes.ProviderCreate
    ) -> Call[shapes.ProviderTestResponse]:
        """Ask the endpoint once, before anything is saved."""
        return Call(
            "POST",
            path("providers", "test-connection"),
            shape(shapes.ProviderTestResponse),
            body=body_of(provider),
        )

    @endpoint
    def test_existing_provider(self, provider_id: Id) -> Call[shapes.ProviderTestResponse]:
        return Call(
            "POST", path("providers", provider_id, "test"), shape(shapes.ProviderTestResponse)
        )

    @endpoint
    def refresh_provider_models(self, provider_id: Id) -> Call[shapes.ProviderRefreshResponse]:
        """List the provider's models again and add the new ones."""
        return Call(
            "POST",
            path("providers", provider_id, "refresh-models"),
            shape(shapes.ProviderRefreshResponse),
        )

    @endpoint
    def list_offers(self) -> Call[shapes.ProviderOfferList]:
        """What was found on the server's machine: keys in its environment, local servers."""
        return Call("GET", path("providers", "offers"), shape(shapes.ProviderOfferList))

    @endpoint
    def accept_offer(self, offer_id: str) -> Call[shapes.ProviderResponse]:
        return Call("POST", path("providers", "offers", offer_id), shape(shapes.ProviderResponse))
