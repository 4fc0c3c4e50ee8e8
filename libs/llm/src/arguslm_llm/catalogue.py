"""The provider types: what each needs, where it lives, and what LiteLLM calls it.

Read from `providers.json`; LiteLLM itself is not imported.
"""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Any, Literal

from arguslm_llm.http1 import ProtocolError, origin_of

_DATA = "providers.json"
_ABBREVIATIONS = {"aws": "AWS", "oci": "OCI", "id": "ID", "api": "API"}
_ORGANIZATION_SETTINGS = ("organization_id", "project_id")
_GOOGLE_TOKEN_URI = "https://oauth2.googleapis.com/token"

# A region becomes part of a host name.
_REGION = re.compile(r"^[a-z0-9-]{1,40}$")

Need = Literal["required", "optional", "none"]
Route = Literal["captured", "injected", "client_library"]
Verified = Literal["recording", "simulation", "unverified"]


@dataclass(frozen=True, slots=True)
class FurtherField:
    """A field beside key, base URL, region, organization and project of an organization."""

    name: str
    label: str
    secret: bool
    required: bool


@dataclass(frozen=True, slots=True)
class ProviderSpec:
    """What a provider type needs, as shown to people (see contracts' ProviderSpecResponse).

    `needs` names it in short; of `key_choices` one is needed, each of fields that belong together;
    without its label there is no key, or no base URL. `route` is how a request is sent: LiteLLM
    builds it and our wire sends it ("captured"); our wire carries it beneath LiteLLM, which reads
    the answer ("injected"); or LiteLLM has to do both. `verified`: against a recorded answer of the
    provider's, against a server on loopback that plays it, or not at all.
    """

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
    region_options: list[tuple[str, str]] = field(default_factory=list)
    further_fields: tuple[FurtherField, ...] = ()
    key_choices: tuple[tuple[str, ...], ...] = ()
    needs: tuple[str, ...] = ()
    route: Route = "captured"
    verified: Verified = "simulation"


@dataclass(frozen=True, slots=True)
class ProviderType:
    """What the other rooms of this package know about a type, beyond its spec.

    `litellm` is the prefix of LiteLLM's model names; `path` is appended to a base URL where LiteLLM
    expects a whole address; `asks_usage` is whether the stream may be asked to end with token
    counts; `hosts` are the domains of a type without a base URL of its own.
    """

    spec: ProviderSpec
    litellm: str
    api_key: Need
    base_url: Need
    settings: tuple[str, ...]
    required_settings: tuple[str, ...]
    secrets: tuple[str, ...]
    environment: tuple[str, ...]
    path: str
    asks_usage: bool
    hosts: tuple[str, ...]


def catalogue() -> dict[str, ProviderSpec]:
    """Every provider type by its id: the tested ones first, then the others by name."""
    return {type_id: provider.spec for type_id, provider in provider_types().items()}


def provider_type(type_id: str) -> ProviderType:
    """Raises ValueError for a type that is not in the catalogue."""
    try:
        return provider_types()[type_id]
    except KeyError:
        raise ValueError(f"unknown provider type {type_id!r}") from None


def litellm_model_name(provider_type_id: str, model: str) -> str:
    """LiteLLM's name for a model: always with the type's prefix, whatever the model is called."""
    return f"{provider_type(provider_type_id).litellm}/{model}"


def split_credentials(
    provider_type_id: str, credentials: Mapping[str, Any]
) -> tuple[str | None, dict[str, str], dict[str, str]]:
    """What a person entered, as (base URL, settings that are not secret, secrets).

    Empty and null values count as not given.

    Raises:
        ValueError: an unknown type or field, a missing one, or an unusable base URL.
    """
    provider = provider_type(provider_type_id)
    given = {k: str(v).strip() for k, v in credentials.items() if v is not None and str(v).strip()}
    settings = {name: given.pop(name) for name in provider.settings if name in given}
    secrets = {name: given.pop(name) for name in provider.secrets if name in given}
    base_url = _checked_base_url(given.pop("base_url", None), provider)
    if given:
        raise ValueError(_no_such_fields(provider, given))
    missing = [name for name in provider.required_settings if name not in settings]
    if provider.api_key == "required" and "api_key" not in secrets:
        missing.append("api_key")
    if base_url is None and provider.base_url == "required" and not provider.spec.default_base_url:
        missing.append("base_url")
    if missing:
        raise ValueError(f"{provider_type_id} needs {', '.join(missing)}")
    if not _REGION.match(settings.get("region", "none")):
        raise ValueError("region may hold lower-case letters, digits and '-' only")
    choices = provider.spec.key_choices
    if choices and not any(secrets.keys() >= set(names) for names in choices):
        words = (" and ".join(names) for names in choices)
        raise ValueError(f"{provider_type_id} needs {', or '.join(words)}")
    if provider.litellm.startswith("vertex_ai"):
        _check_google_key(secrets["api_key"])
    return base_url, settings, secrets


def _no_such_fields(provider: ProviderType, names: Iterable[str]) -> str:
    """What is wrong with these fields, and which there are."""
    fields = [*provider.settings, *provider.secrets]
    fields += [] if provider.base_url == "none" else ["base_url"]
    return f"{provider.spec.id} has no field {', '.join(sorted(names))}; it has {', '.join(fields)}"


def crosses_home(provider_type_id: str, base_url: str | None, other: str | None) -> bool:
    """Whether one of two base URLs of a type is its vendor's own address and the other is not;
    None is the vendor's own. A type that people run themselves has no such home."""
    provider = provider_type(provider_type_id)
    home = provider.spec.default_base_url
    if provider.base_url == "required" or not (home or provider.hosts):
        return False
    at_home = [
        url is None or (home is not None and origin_of(url) == origin_of(home))
        for url in (base_url, other)
    ]
    return at_home[0] != at_home[1]


def is_within(url: str, hosts: Iterable[str]) -> bool:
    """Whether an address is one of these domains', and nobody can listen on the way."""
    try:
        origin = origin_of(url)
    except ProtocolError:
        return False
    names = tuple(hosts)
    under = tuple(f".{name}" for name in names)
    return origin.scheme == "https" and (origin.host in names or origin.host.endswith(under))


def _checked_base_url(base_url: str | None, provider: ProviderType) -> str | None:
    if base_url is None:
        return None
    if provider.base_url == "none":
        raise ValueError(_no_such_fields(provider, ["base_url"]))
    try:
        origin_of(base_url)
    except ProtocolError:
        raise ValueError("base_url has to be an http or https URL") from None
    if "@" in base_url.split("/")[2]:
        raise ValueError("base_url must not hold a user name or password")
    if "?" in base_url or "#" in base_url:
        raise ValueError("base_url must not hold a query or fragment")
    return base_url.rstrip("/")


def _check_google_key(api_key: str) -> None:
    """A service account key names the server that gives tokens for it: only Google's will do,
    and no other kind of key, for those may name files, commands and addresses to visit."""
    try:
        key = json.loads(api_key)
    except json.JSONDecodeError:
        key = None
    if not isinstance(key, dict) or key.get("type") != "service_account":
        raise ValueError("api_key has to be the JSON of a Google service account key")
    if key.get("token_uri") != _GOOGLE_TOKEN_URI:
        raise ValueError(f"the service account key's token_uri has to be {_GOOGLE_TOKEN_URI}")


@cache
def provider_types() -> dict[str, ProviderType]:
    """The catalogue with all that is in the data file."""
    data = json.loads(files("arguslm_llm").joinpath(_DATA).read_text(encoding="utf-8"))
    regions = {
        vendor: [(str(code), str(name)) for code, name in pairs]
        for vendor, pairs in data["regions"].items()
    }
    return {
        type_id: _provider_type(type_id, entry, regions)
        for type_id, entry in data["providers"].items()
    }


def _provider_type(
    type_id: str, entry: dict[str, Any], regions: dict[str, list[tuple[str, str]]]
) -> ProviderType:
    api_key: Need = entry.get("api_key", "required")
    base_url: Need = entry.get("base_url", "optional")
    needs_region = bool(entry.get("region"))
    shows_organization = bool(entry.get("organization"))
    required = (*entry.get("required_settings", []), *(("region",) if needs_region else ()))
    own_secrets = tuple(entry.get("secrets", []))
    spec = ProviderSpec(
        id=type_id,
        label=entry["label"],
        tested=bool(entry.get("tested")),
        requires_api_key=api_key == "required",
        requires_base_url=base_url == "required",
        requires_region=needs_region,
        show_org_fields=shows_organization,
        default_base_url=entry.get("default_base_url"),
        api_key_label=None if api_key == "none" else entry.get("api_key_label", "API key"),
        base_url_label=None if base_url == "none" else entry.get("base_url_label", "Base URL"),
        region_options=regions.get(entry.get("regions", ""), []),
        further_fields=(
            *(_further_field(n, required, secret=False) for n in entry.get("settings", [])),
            *(_further_field(n, required, secret=True) for n in own_secrets),
        ),
        key_choices=tuple(tuple(names) for names in entry.get("keys", [])),
        needs=_needs(entry, required),
        route=entry.get("route", "captured"),
        verified=entry.get("verified", "simulation"),
    )
    settings = list(entry.get("settings", []))
    settings += _ORGANIZATION_SETTINGS if shows_organization else ()
    settings += ("region",) if needs_region else ()
    return ProviderType(
        spec=spec,
        litellm=entry["litellm"],
        api_key=api_key,
        base_url=base_url,
        settings=tuple(settings),
        required_settings=required,
        secrets=(*(() if api_key == "none" else ("api_key",)), *own_secrets),
        environment=tuple(entry.get("environment", [])),
        path=entry.get("path", ""),
        asks_usage=entry.get("reports_usage", True),
        hosts=tuple(entry.get("hosts", [])),
    )


def _further_field(name: str, required: tuple[str, ...], *, secret: bool) -> FurtherField:
    words = name.split("_")
    label = " ".join(_ABBREVIATIONS.get(word, word) for word in words)
    return FurtherField(name, label[0].upper() + label[1:], secret, name in required)


def _needs(entry: dict[str, Any], required: tuple[str, ...]) -> tuple[str, ...]:
    """In the words of the field: key, base URL, region, project, deployment..."""
    has_key = entry.get("api_key", "required") == "required" or entry.get("secrets")
    has_address = entry.get("base_url") == "required" and not entry.get("default_base_url")
    settings = [name.removesuffix("_id").replace("_", " ") for name in required]
    named = [entry["model_is"]] if "model_is" in entry else []
    return (
        *(("key",) if has_key else ()),
        *(("base URL",) if has_address else ()),
        *settings,
        *named,
    )
