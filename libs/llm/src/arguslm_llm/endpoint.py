"""An endpoint in clear text: what the prober knows in the moment it asks, and nowhere else."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from arguslm_contracts.measurement import Price, Target


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where to ask, and with what. `credentials` is clear text and never part of the repr.

    `base_url` None means the provider type's own default address, and no other.
    `price` is what was told of the model's price, if anything was.
    """

    provider_type: str
    base_url: str | None = None
    settings: dict[str, str] = field(default_factory=dict)
    credentials: dict[str, str] = field(default_factory=dict, repr=False)
    model: str | None = None
    price: Price | None = None


def endpoint_of(target: Target, credentials: Mapping[str, str]) -> Endpoint:
    """The endpoint of a target whose sealed credentials have been opened by the caller."""
    return Endpoint(
        provider_type=target.provider_type,
        base_url=target.base_url,
        settings=dict(target.settings),
        credentials=dict(credentials),
        model=target.model,
        price=target.price,
    )
