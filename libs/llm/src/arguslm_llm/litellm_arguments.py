"""An endpoint and a probe, in the words of LiteLLM's `acompletion`."""

from typing import Any

from arguslm_contracts.measurement import ProbeProfile
from arguslm_llm.catalogue import ProviderType, litellm_model_name
from arguslm_llm.endpoint import Endpoint

# Given where there is no key, so that LiteLLM does not look for one in the environment: that one
# belongs to somebody else. Whatever header carries it is taken out of the request.
NO_KEY = "arguslm-has-no-key"
AZURE_API_VERSION = "2024-10-21"


def arguments_for(
    endpoint: Endpoint, provider: ProviderType, profile: ProbeProfile
) -> dict[str, Any]:
    """Keyword arguments for one streaming request with every retry off."""
    arguments: dict[str, Any] = {
        "model": litellm_model_name(endpoint.provider_type, endpoint.model or ""),
        "messages": [{"role": "user", "content": profile.prompt}],
        "max_tokens": profile.max_tokens,
        "stream": True,
        "timeout": profile.timeouts.total_s,
    }
    if provider.litellm.startswith("text-completion"):
        arguments["max_retries"] = 0  # these go through a client that would retry by itself
    if provider.asks_usage and provider.spec.route == "captured":
        arguments["stream_options"] = {"include_usage": True}
    if profile.temperature is not None:
        arguments["temperature"] = profile.temperature
    if base := _base_url(endpoint, provider):
        arguments["api_base"] = base
    arguments.update(_credentials(endpoint, provider))
    return arguments


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
        return _renamed(given, {"region": "aws_region_name"})
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
    if family.startswith("azure"):
        given.setdefault("api_version", AZURE_API_VERSION)
    given.setdefault("api_key", NO_KEY)
    if family == "openai":
        headers = {
            "OpenAI-Organization": given.pop("organization_id", None),
            "OpenAI-Project": given.pop("project_id", None),
        }
        given_headers = {name: value for name, value in headers.items() if value}
        return {**given, "extra_headers": given_headers} if given_headers else dict(given)
    return dict(given)


def _renamed(given: dict[str, str], names: dict[str, str]) -> dict[str, Any]:
    return {names.get(name, name): value for name, value in given.items()}
