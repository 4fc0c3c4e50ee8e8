"""An endpoint and a probe, in the words of LiteLLM's `acompletion`."""

from typing import Any

from arguslm_contracts.measurement import ProbeProfile
from arguslm_contracts.outcomes import Outcome
from arguslm_llm.cannot_build import CannotBuild
from arguslm_llm.catalogue import ProviderType, is_within, litellm_model_name
from arguslm_llm.endpoint import Endpoint
from arguslm_llm.model_mode import Mode
from arguslm_llm.probe_forms import form_of

# Given where there is no key, so that LiteLLM does not look for one in the environment: that one
# belongs to somebody else. Whatever header carries it is taken out of the request.
NO_KEY = "arguslm-has-no-key"
_NO_AWS_KEYS = {
    "api_key": "",
    "aws_access_key_id": NO_KEY,
    "aws_secret_access_key": NO_KEY,
}
# The last with a date. o-series and GPT-5 deployments refuse the last of those that are no preview.
_AZURE_API_VERSION = "2025-04-01-preview"
_FOUNDRY_API_VERSION = "2024-05-01-preview"
# Where models think unasked, so that asking for little thought saves some. Elsewhere it would make
# a model think that otherwise does not.
_THINKS_UNASKED = {
    *("openai", "azure", "azure_openai", "xai", "groq", "openrouter"),
    *("google_ai_studio", "gemini", "google_vertex"),
}
# What a probe is about, and must not be left out in silence.
_ESSENTIAL = ("response_format", "tools")
# LiteLLM's names for the same vendor where it completes texts, and where it embeds.
_COMPLETES = {"openai": "text-completion-openai"}
_EMBEDS = {"ollama_chat": "ollama", "cohere_chat": "cohere", "bedrock/converse": "bedrock"}
_EMBEDDING_PATHS = {"cohere": "/v2/embed", "cohere_chat": "/v2/embed"}


def arguments_for(
    endpoint: Endpoint,
    provider: ProviderType,
    profile: ProbeProfile,
    mode: Mode = "chat",
    refused: frozenset[str] = frozenset(),
) -> dict[str, Any]:
    """Keyword arguments for one streaming request with every retry off, and without what the
    endpoint has `refused`."""
    family = _COMPLETES.get(provider.litellm) if mode == "completion" else None
    arguments: dict[str, Any] = {
        "model": _named(endpoint, family),
        "messages": [{"role": "user", "content": profile.prompt}],
        **_token_limit(profile, refused),
        "stream": True,
        "timeout": profile.timeouts.total_s,
    }
    if (family or provider.litellm).startswith("text-completion"):
        arguments["max_retries"] = 0  # these go through a client that would retry by itself
    if provider.asks_usage and provider.spec.route == "captured":
        arguments["stream_options"] = {"include_usage": True}
    if profile.reasoning_effort and endpoint.provider_type in _THINKS_UNASKED:
        arguments["reasoning_effort"] = profile.reasoning_effort
    if "stream" in refused:
        arguments["stream"] = False
        refused |= {"stream_options"}
    for name in refused & {"stream_options", "reasoning_effort"}:
        arguments.pop(name, None)
    arguments |= form_of(profile, provider.litellm)
    if profile.temperature is not None:
        arguments["temperature"] = profile.temperature
    if base := _base_url(endpoint, provider):
        arguments["api_base"] = base
    arguments.update(_credentials(endpoint, provider))
    return arguments


def _token_limit(profile: ProbeProfile, refused: frozenset[str]) -> dict[str, Any]:
    """Its newer name past LiteLLM, which gives many vendors the older one whatever it is told."""
    if "max_tokens" not in refused:
        return {"max_tokens": profile.max_tokens}
    return {"extra_body": {"max_completion_tokens": profile.max_tokens}}


def embedding_arguments(
    endpoint: Endpoint, provider: ProviderType, profile: ProbeProfile
) -> dict[str, Any]:
    """Keyword arguments of `aembedding`, for one vector."""
    arguments: dict[str, Any] = {
        "model": _named(endpoint, _EMBEDS.get(provider.litellm)),
        "input": [profile.prompt],
        "timeout": profile.timeouts.total_s,
        "max_retries": 0,
    }
    if provider.litellm in ("openai", "azure"):
        arguments["encoding_format"] = "float"
    if base := _base_url(endpoint, provider):
        arguments["api_base"] = base.removesuffix("/v2/chat") + _EMBEDDING_PATHS.get(
            provider.litellm, ""
        )
    return arguments | _credentials(endpoint, provider)


def supported(
    litellm: Any, arguments: dict[str, Any], *, passed_on: bool = False
) -> dict[str, Any]:
    """The arguments, less the wish for little thought where a model takes none.

    Args:
        passed_on: the endpoint reads OpenAI's own words, so what LiteLLM has not heard of is asked
            for all the same.

    Raises:
        CannotBuild: LiteLLM would leave out what the probe is about.
    """
    asked = [name for name in (*_ESSENTIAL, "reasoning_effort") if name in arguments]
    if not asked:
        return arguments
    model = arguments["model"]
    known = litellm.get_supported_openai_params(model=model) or ()
    unheard_of = [name for name in asked if name in _ESSENTIAL and name not in known]
    if unheard_of and not passed_on:
        raise CannotBuild(Outcome.UNSUPPORTED, f"LiteLLM knows no {unheard_of[0]} for {model}")
    thinks = "reasoning_effort" in known and litellm.supports_reasoning(model=model)
    sent = {k: v for k, v in arguments.items() if k != "reasoning_effort" or thinks}
    return sent | ({"allowed_openai_params": unheard_of} if unheard_of else {})


def _named(endpoint: Endpoint, family: str | None) -> str:
    """LiteLLM's name for the model, as of another family where one is given."""
    model = endpoint.model or ""
    return f"{family}/{model}" if family else litellm_model_name(endpoint.provider_type, model)


def _base_url(endpoint: Endpoint, provider: ProviderType) -> str | None:
    """Always said in so many words: LiteLLM would else look into the environment."""
    base = endpoint.base_url or provider.spec.default_base_url
    if base is None:
        return None
    base = base.rstrip("/")
    if provider.litellm in ("anthropic", "ollama_chat", "oobabooga"):
        base = base.removesuffix("/v1")  # LiteLLM appends the whole path
    return base + provider.path


def _credentials(endpoint: Endpoint, provider: ProviderType) -> dict[str, Any]:
    family = provider.litellm.partition("/")[0]
    given = {**endpoint.settings, **endpoint.credentials}
    if family in ("bedrock", "sagemaker", "sagemaker_chat", "sagemaker_nova"):
        names = {"region": "aws_region_name", "bedrock_api_key": "api_key"}
        return {**_NO_AWS_KEYS, **_renamed(given, names)}
    if family.startswith("vertex_ai"):
        return _renamed(
            given,
            {
                "api_key": "vertex_credentials",
                "project_id": "vertex_project",
                "region": "vertex_location",
            },
        )
    if family == "gdc":
        return _renamed(given, {"project_id": "vertex_project", "region": "vertex_location"})
    if family == "oci":
        return _renamed(given, {"region": "oci_region"})
    if family in ("azure", "azure_text"):
        given.setdefault("api_version", _AZURE_API_VERSION)
    elif family == "azure_ai" and _is_foundry(endpoint):
        given.setdefault("api_version", _FOUNDRY_API_VERSION)
    given.setdefault("api_key", NO_KEY)
    if family == "openai":
        headers = {
            "OpenAI-Organization": given.pop("organization_id", None),
            "OpenAI-Project": given.pop("project_id", None),
        }
        given_headers = {name: value for name, value in headers.items() if value}
        return {**given, "extra_headers": given_headers} if given_headers else dict(given)
    return dict(given)


def _is_foundry(endpoint: Endpoint) -> bool:
    """A model's endpoint of its own takes no version."""
    return is_within(endpoint.base_url or "", ("services.ai.azure.com",))


def _renamed(given: dict[str, str], names: dict[str, str]) -> dict[str, Any]:
    return {names.get(name, name): value for name, value in given.items()}
