"""Whether what a budget or a probe is to be of is there."""

from uuid import UUID

from arguslm_query_api.door import Door
from arguslm_query_api.reads import models, providers
from arguslm_query_api.refusals import Invalid


async def check_scope(door: Door, provider_id: UUID | None, model_id: UUID | None) -> None:
    """Raises Invalid unless it is a provider's, a model's, or neither."""
    if provider_id is not None and model_id is not None:
        raise Invalid("give a provider or a model, not both", field="model_id")
    async with door.database.reading() as connection:
        if provider_id and await providers.stored_provider(connection, provider_id) is None:
            raise Invalid(f"there is no provider {provider_id}", field="provider_id")
        if model_id and not await models.find_models(connection, [model_id]):
            raise Invalid(f"there is no model {model_id}", field="model_id")
