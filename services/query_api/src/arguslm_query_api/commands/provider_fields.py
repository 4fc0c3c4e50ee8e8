"""What people enter about a provider: checked, and parted into what is secret and what is not."""

import asyncio
import difflib
import socket
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from arguslm_contracts.events.registry import Provider
from arguslm_egress.policy import EgressBlocked, EgressPolicy
from arguslm_llm.catalogue import (
    ProviderSpec,
    catalogue,
    crosses_home,
    provider_type,
    split_credentials,
)
from arguslm_query_api.refusals import Invalid

_LOOK_UP_S = 5.0


@dataclass(frozen=True, slots=True)
class ProviderFields:
    base_url: str | None
    settings: dict[str, str]
    secrets: dict[str, str]


def spec_of(provider_type: str) -> ProviderSpec:
    """Raises Invalid for an unknown type, naming those that look like it."""
    known = catalogue()
    if provider_type in known:
        return known[provider_type]
    near = difflib.get_close_matches(provider_type, known, n=3, cutoff=0.5)
    hint = f"; did you mean {' or '.join(near)}?" if near else ""
    raise Invalid(f"unknown provider type {provider_type[:100]!r}{hint}", field="provider_type")


async def checked_fields(
    provider_type: str, credentials: Mapping[str, Any], egress: EgressPolicy
) -> ProviderFields:
    """Raises Invalid: an unknown type or field, a missing one, or a forbidden address."""
    spec_of(provider_type)
    try:
        base_url, settings, secrets = split_credentials(provider_type, credentials)
    except ValueError as error:
        raise Invalid(str(error), field="credentials") from None
    if base_url is not None:
        await check_address(base_url, egress, field="credentials.base_url")
    return ProviderFields(base_url, settings, secrets)


def names_a_secret(type_id: str, given: Iterable[str]) -> bool:
    """Whether one of these fields is a secret of the provider type."""
    return not set(provider_type(type_id).secrets).isdisjoint(given)


def check_key_may_go(provider: Provider, base_url: str | None, kept: Iterable[str]) -> None:
    """A vendor's key stays with its vendor, and the vendor gets no other server's key.

    Raises:
        Invalid: `base_url` leaves the vendor's own address or leads to it, and these secrets would
            be kept.
    """
    if crosses_home(provider.provider_type, provider.base_url, base_url):
        names = ", ".join(sorted(kept))
        raise Invalid(
            f"{base_url or 'the default address'} is another server than {names} was entered for: "
            f"give {names} again in the same change (null removes it)",
            field="credentials.base_url",
        )


async def check_address(url: str, egress: EgressPolicy, *, field: str) -> None:
    """Raises Invalid when our egress policy forbids the URL's host. A name that does not resolve
    from here may do so from where it will be asked: the check there will say."""
    parts = urlsplit(url)
    try:
        port = parts.port or (443 if parts.scheme == "https" else 80)
        host = parts.hostname or ""
    except ValueError:
        raise Invalid("this is no usable address", field=field) from None
    try:
        async with asyncio.timeout(_LOOK_UP_S):
            await egress.resolve(host, port)
    except EgressBlocked as error:
        raise Invalid(f"this address is not allowed: {error}", field=field) from None
    except (socket.gaierror, TimeoutError):
        return
