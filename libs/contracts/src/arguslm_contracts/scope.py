"""What a budget or a probe is of."""

from uuid import UUID

from arguslm_contracts.record import Record


class Scope(Record):
    """One model, all models of a provider, or everything when neither is given."""

    provider_id: UUID | None = None
    model_id: UUID | None = None

    def covers(self, provider_id: UUID | str, model_id: UUID) -> bool:
        """Whether a model is in it; a target's provider is text."""
        if self.model_id is not None:
            return self.model_id == model_id
        return self.provider_id is None or str(self.provider_id) == str(provider_id)
