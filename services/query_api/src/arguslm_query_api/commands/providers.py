"""Providers: added, changed and removed. Secrets are sealed before they reach an event."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from arguslm_contracts.events.registry import (
    Provider,
    ProviderRegistered,
    ProviderRemoved,
    ProviderUpdated,
)
from arguslm_contracts.measurement import Price, Target
from arguslm_contracts.rest.providers import ProviderCreate, ProviderUpdate
from arguslm_query_api.auth.principal import Principal
from arguslm_query_api.commands.attempt import Attempt
from arguslm_query_api.commands.provider_fields import (
    ProviderFields,
    check_key_may_go,
    checked_fields,
    names_a_secret,
)
from arguslm_query_api.commands.recorder import check_revision
from arguslm_query_api.door import Door
from arguslm_query_api.reads import providers
from arguslm_query_api.refusals import Invalid, Unknown
from arguslm_storage.vault import Vault, VaultError


async def register(door: Door, who: Principal, attempt: Attempt, body: ProviderCreate) -> bool:
    """Add a provider under the attempt's id."""
    if (known := await door.recorder.repeated(attempt, ProviderRegistered)) is not None:
        return await door.recorder.shows(known)
    fields = await checked_fields(body.provider_type, body.credentials, door.egress)
    now = datetime.now(UTC)
    provider = Provider(
        provider_id=attempt.id,
        provider_type=body.provider_type,
        display_name=body.display_name,
        base_url=fields.base_url,
        settings=fields.settings,
        credentials=sealed(fields, door.vault),
        enabled=body.enabled,
        monitor_discovered=body.monitor_discovered,
        requests_per_minute=body.requests_per_minute,
        max_concurrent=body.max_concurrent,
        created_at=now,
    )
    event = ProviderRegistered(
        revision=1, actor=who.name, at=now, provider=provider, discover=body.discover
    )
    return await door.recorder.record_new(event, attempt)


async def update(
    door: Door,
    who: Principal,
    provider_id: UUID,
    body: ProviderUpdate,
    expected_revision: int | None,
) -> bool:
    """Change what is given and nothing else."""
    provider, revision, sequence = await stored(door, provider_id)
    check_revision(expected_revision, revision)
    changes = body.model_dump(exclude_unset=True, exclude={"credentials"}, exclude_none=True)
    if body.credentials:
        changes |= await _merged(door, provider, body.credentials)
    changed = tuple(name for name, value in changes.items() if getattr(provider, name) != value)
    if not changed:
        return True
    event = ProviderUpdated(
        revision=revision + 1,
        actor=who.name,
        at=datetime.now(UTC),
        provider=provider.model_copy(update={name: changes[name] for name in changed}),
        changed=changed,
    )
    return await door.recorder.record(event, expected_sequence=sequence)


async def remove(
    door: Door, who: Principal, provider_id: UUID, expected_revision: int | None
) -> None:
    """Remove a provider, and its models with it."""
    _, revision, sequence = await stored(door, provider_id)
    check_revision(expected_revision, revision)
    event = ProviderRemoved(
        revision=revision + 1, actor=who.name, at=datetime.now(UTC), provider_id=provider_id
    )
    await door.recorder.record(event, expected_sequence=sequence)


async def stored(door: Door, provider_id: UUID) -> tuple[Provider, int, int]:
    """Provider, revision and last sequence.

    Raises:
        Unknown: there is no such provider.
    """
    async with door.database.reading() as connection:
        found = await providers.stored_provider(connection, provider_id)
    if found is None:
        raise Unknown(f"there is no provider {provider_id}")
    return found


def target_of(provider: Provider, model: str | None = None, price: Price | None = None) -> Target:
    """The provider's endpoint, as the prober needs it."""
    return Target(
        provider_id=str(provider.provider_id),
        provider_type=provider.provider_type,
        provider_name=provider.display_name,
        base_url=provider.base_url,
        settings=provider.settings,
        credentials=provider.credentials,
        model=model,
        price=price,
    )


def sealed(fields: ProviderFields, vault: Vault) -> str | None:
    return vault.seal(fields.secrets) if fields.secrets else None


async def _merged(door: Door, provider: Provider, given: Mapping[str, Any]) -> dict[str, Any]:
    """The provider's fields after `given` was merged key by key; null removes a key."""
    secrets = _opened(door.vault, provider, given)
    kept = {name: value for name, value in (secrets or {}).items() if name not in given}
    known = {**provider.settings, **kept, "base_url": provider.base_url}
    fields = await checked_fields(provider.provider_type, {**known, **given}, door.egress)
    if kept:
        check_key_may_go(provider, fields.base_url, kept)
    changes: dict[str, Any] = {"base_url": fields.base_url, "settings": fields.settings}
    # Sealing the same secrets again gives other bytes, which would look like a change.
    if fields.secrets != secrets:
        changes["credentials"] = sealed(fields, door.vault)
    return changes


def _opened(vault: Vault, provider: Provider, given: Mapping[str, Any]) -> Mapping[str, str] | None:
    """The stored secrets; None where they cannot be opened and others are given in their place."""
    try:
        return vault.open(provider.credentials)
    except VaultError:
        if names_a_secret(provider.provider_type, given):
            return None
        raise Invalid(
            "the stored key cannot be opened with this house's encryption key: enter it again, "
            "or start the house with the encryption key that it was sealed with",
            field="credentials.api_key",
        ) from None
