"""What is already on this machine: keys in the environment, local model servers."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from arguslm_contracts.measurement import Timeouts
from arguslm_llm.catalogue import provider_types
from arguslm_llm.decoders.transcript import as_list, as_object, json_of
from arguslm_llm.exchange import Progress
from arguslm_llm.http1 import WireRequest
from arguslm_llm.network import Network
from arguslm_llm.wire import Wire

_FROM_ENVIRONMENT = "environment"
_FROM_MACHINE = "machine"


@dataclass(frozen=True, slots=True)
class Offer:
    """A provider that could be added at once. `found` says where, never the key itself."""

    id: str
    provider_type: str
    display_name: str
    found: str
    base_url: str | None = None


@dataclass(frozen=True, slots=True)
class LocalServer:
    """A server people run at home, known by what it answers and not by an open port.

    `path` is asked at the server's root; `recognises` gets the JSON answer; `api` is where its
    base URL begins.
    """

    provider_type: str
    display_name: str
    port: int
    path: str
    recognises: Callable[[object], bool]
    api: str


def offers_in_environment(env: Mapping[str, str]) -> list[Offer]:
    """One offer per provider whose key is set."""
    return [
        Offer(
            id=f"{_FROM_ENVIRONMENT}:{type_id}",
            provider_type=type_id,
            display_name=provider.spec.label,
            found=f"environment variable {variable}",
        )
        for type_id, provider in provider_types().items()
        if (variable := _variable_of(type_id, env))
    ]


def credentials_for(offer_id: str, env: Mapping[str, str]) -> dict[str, str]:
    """What adding this offer needs, in the form `split_credentials` takes.

    Raises:
        ValueError: an offer that is not, or no longer, there.
    """
    source, _, rest = offer_id.partition(":")
    if source == _FROM_ENVIRONMENT and (variable := _variable_of(rest, env)):
        return {"api_key": env[variable].strip()}
    if source == _FROM_MACHINE:
        type_id, _, base_url = rest.partition(":")
        if base_url and any(server.provider_type == type_id for server in LOCAL_SERVERS):
            return {"base_url": base_url}
    raise ValueError(f"nothing found on this machine is called {offer_id!r}")


async def offers_on_this_machine(timeout_s: float = 1.0) -> list[Offer]:
    """The local servers that answer on their usual ports, all asked at once.

    A closed port says so at once: only a server that is busy makes anybody wait.
    """
    asked = [offer_at(server, server.port, timeout_s) for server in LOCAL_SERVERS]
    return [offer for offer in await asyncio.gather(*asked) if offer is not None]


async def offer_at(server: LocalServer, port: int, timeout_s: float) -> Offer | None:
    """The offer of this kind of server on a port of this machine; None if it is not that."""
    root = f"http://127.0.0.1:{port}"
    wire = Wire(Network())
    limits = Timeouts(connect_s=timeout_s, headers_s=timeout_s, total_s=timeout_s)
    try:
        exchange = await wire.exchange(
            WireRequest("GET", root + server.path), limits, lambda _: Progress(None, False)
        )
    finally:
        await wire.close()
    body = b"".join(data for _, data in exchange.reads)
    if exchange.status != 200 or exchange.failure or not server.recognises(json_of(body)):
        return None
    base_url = root + server.api
    return Offer(
        id=f"{_FROM_MACHINE}:{server.provider_type}:{base_url}",
        provider_type=server.provider_type,
        display_name=server.display_name,
        found=root,
        base_url=base_url,
    )


def _variable_of(type_id: str, env: Mapping[str, str]) -> str | None:
    provider = provider_types().get(type_id)
    variables = provider.environment if provider else ()
    return next((name for name in variables if env.get(name, "").strip()), None)


def _is_ollama(answer: object) -> bool:
    return isinstance(as_object(answer).get("version"), str)


def _is_lm_studio(answer: object) -> bool:
    """Its own API lists models with a state and a type, or none at all."""
    listed = as_object(answer)
    models = as_list(listed.get("data"))
    return listed.get("object") == "list" and all(
        "state" in as_object(model) and "type" in as_object(model) for model in models
    )


def _is_vllm(answer: object) -> bool:
    return any(
        as_object(model).get("owned_by") == "vllm"
        for model in as_list(as_object(answer).get("data"))
    )


LOCAL_SERVERS = (
    LocalServer("ollama", "Ollama", 11434, "/api/version", _is_ollama, ""),
    LocalServer("lm_studio", "LM Studio", 1234, "/api/v0/models", _is_lm_studio, "/v1"),
    LocalServer("vllm", "vLLM", 8000, "/v1/models", _is_vllm, "/v1"),
)
