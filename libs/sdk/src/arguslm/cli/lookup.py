"""From what a person types (an id, its beginning, or a name) to the one thing that is meant."""

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING, Generic, TypeVar
from uuid import UUID

from arguslm.errors import ArgusLMError

if TYPE_CHECKING:
    from arguslm.client import ArgusLMClient
    from arguslm.schemas import (
        AccountResponse,
        AlertResponse,
        AlertRuleResponse,
        ApiKeyResponse,
        BenchmarkRunResponse,
        BudgetResponse,
        ChannelResponse,
        CheckResponse,
        ModelResponse,
        ProbeResponse,
        ProviderOffer,
        ProviderResponse,
    )

T = TypeVar("T")

PAGE = 500
BENCH_PAGE = 100
SHORTEST_PREFIX = 6
NEWEST_CHECKS = 1000


class NotOne(ArgusLMError):
    """Nothing, or more than one thing, is called that."""


@dataclass(frozen=True, slots=True)
class Candidate(Generic[T]):
    """Something that may be meant. `label` tells it from its namesakes."""

    item: T
    id: str
    names: tuple[str, ...]
    label: str = ""


def pick(kind: str, wanted: str, candidates: Iterable[Candidate[T]]) -> T:
    """
    Raises:
        NotOne: with the namesakes, or with the nearest names.
    """
    known = list(candidates)
    folded = wanted.casefold()
    for fits in (
        [one for one in known if one.id == wanted],
        [one for one in known if wanted in one.names],
        [one for one in known if folded in (name.casefold() for name in one.names)],
        [one for one in known if len(wanted) >= SHORTEST_PREFIX and one.id.startswith(folded)],
    ):
        if len(fits) == 1:
            return fits[0].item
        if fits:
            choices = ", ".join(f"{one.label or one.names[0]} ({one.id})" for one in fits)
            raise NotOne(f"{kind} {wanted!r} is ambiguous: {choices}")
    names = [name for one in known for name in one.names]
    near = get_close_matches(wanted, names, n=3)
    hint = f"; did you mean {' or '.join(map(repr, near))}?" if near else ""
    raise NotOne(f"no {kind} is called {wanted!r}{hint}")


def as_uuid(wanted: str) -> UUID | None:
    try:
        return UUID(wanted)
    except ValueError:
        return None


def find_provider(client: "ArgusLMClient", wanted: str) -> "ProviderResponse":
    if (known := as_uuid(wanted)) is not None:
        return client.get_provider(known)
    providers = client.list_providers().providers
    return pick(
        "provider",
        wanted,
        (Candidate(one, str(one.id), (one.display_name,)) for one in providers),
    )


def all_models(client: "ArgusLMClient", **filters: object) -> "list[ModelResponse]":
    """Every model, over all pages."""
    found: list[ModelResponse] = []
    while True:
        page = client.list_models(limit=PAGE, offset=len(found), **filters)  # type: ignore[arg-type]
        found += page.items
        if not page.has_more or not page.items:
            return found


def find_model(client: "ArgusLMClient", wanted: str) -> "ModelResponse":
    """By id, by custom name, by the provider's own name, or as `provider/name`."""
    if (known := as_uuid(wanted)) is not None:
        return client.get_model(known)
    return pick("model", wanted, map(_model_candidate, all_models(client)))


def find_models(client: "ArgusLMClient", wanted: list[str]) -> "list[ModelResponse]":
    candidates = [_model_candidate(one) for one in all_models(client)]
    return [pick("model", name, candidates) for name in wanted]


def model_label(model: "ModelResponse") -> str:
    return f"{model.provider_name or model.provider_account_id}/{model.model_id}"


def find_benchmark(client: "ArgusLMClient", wanted: str) -> "BenchmarkRunResponse":
    if (known := as_uuid(wanted)) is not None:
        return client.get_benchmark(known)
    runs: list[BenchmarkRunResponse] = []
    page = 1
    while True:
        answer = client.list_benchmarks(page=page, per_page=BENCH_PAGE)
        runs += answer.runs
        if not answer.runs or len(runs) >= answer.total:
            break
        page += 1
    return pick("benchmark", wanted, (Candidate(one, str(one.id), (one.name,)) for one in runs))


def find_check(client: "ArgusLMClient", wanted: str) -> "CheckResponse":
    """By id, or by the beginning of the id of a newer check."""
    if (known := as_uuid(wanted)) is not None:
        return client.get_check(known)
    newest = []
    for check in client.iter_checks():
        newest.append(Candidate(check, str(check.id), ()))
        if len(newest) == NEWEST_CHECKS:
            break
    return pick("check", wanted, newest)


def find_rule(client: "ArgusLMClient", wanted: str) -> "AlertRuleResponse":
    if (known := as_uuid(wanted)) is not None:
        return client.get_alert_rule(known)
    rules = client.list_alert_rules()
    return pick("rule", wanted, (Candidate(one, str(one.id), (one.name,)) for one in rules))


def find_budget(client: "ArgusLMClient", wanted: str) -> "BudgetResponse":
    if (known := as_uuid(wanted)) is not None:
        return client.get_budget(known)
    found = client.list_budgets().items
    return pick("budget", wanted, (Candidate(one, str(one.id), (one.name,)) for one in found))


def find_probe(client: "ArgusLMClient", wanted: str) -> "ProbeResponse":
    if (known := as_uuid(wanted)) is not None:
        return client.get_probe(known)
    found = client.list_probes().items
    return pick("probe", wanted, (Candidate(one, str(one.id), (one.name,)) for one in found))


def scope_label(
    client: "ArgusLMClient", provider_id: UUID | None, model_id: UUID | None, everything: str
) -> str:
    """What something is of: a provider, one model, or everything."""
    if provider_id is not None:
        names = {one.id: one.display_name for one in client.list_providers().providers}
        return names.get(provider_id, str(provider_id))
    if model_id is not None:
        labels = {one.id: model_label(one) for one in all_models(client)}
        return labels.get(model_id, str(model_id))
    return everything


def find_channel(client: "ArgusLMClient", wanted: str) -> "ChannelResponse":
    if (known := as_uuid(wanted)) is not None:
        return client.get_channel(known)
    channels = client.list_channels().items
    return pick("channel", wanted, (Candidate(one, str(one.id), (one.name,)) for one in channels))


def find_alert(client: "ArgusLMClient", wanted: str) -> "AlertResponse":
    if (known := as_uuid(wanted)) is not None:
        return client.get_alert(known)
    alerts = client.list_alerts(limit=PAGE).items
    return pick("alert", wanted, (Candidate(one, str(one.id), (), one.message) for one in alerts))


def find_offer(client: "ArgusLMClient", wanted: str) -> "ProviderOffer":
    offers = client.list_offers().offers
    return pick("offer", wanted, (Candidate(one, one.id, (one.display_name,)) for one in offers))


def find_api_key(client: "ArgusLMClient", wanted: str) -> "ApiKeyResponse":
    keys = client.list_api_keys().items
    return pick("API key", wanted, (Candidate(one, str(one.id), (one.name,)) for one in keys))


def find_account(client: "ArgusLMClient", wanted: str) -> "AccountResponse":
    accounts = client.list_accounts().items
    return pick(
        "account", wanted, (Candidate(one, str(one.id), (one.username,)) for one in accounts)
    )


def _model_candidate(model: "ModelResponse") -> "Candidate[ModelResponse]":
    names = (*filter(None, (model.custom_name,)), model.model_id, model_label(model))
    return Candidate(model, str(model.id), names, model_label(model))
