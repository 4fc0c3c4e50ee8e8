"""The one place that imports LiteLLM, and the gate all its connections pass.

While a request is being built, the gate lets nothing out: it hands the finished request back to
us instead. At other times it hands it to the wire beneath, or lets LiteLLM connect, over our own
network: its egress policy, proxies and authorities. Retries and the download of the price map are
off.
"""

import contextvars
import importlib
import logging
import os
from typing import Any

import httpx

from arguslm_egress.name_lookup import Address
from arguslm_llm.carrier import carrier
from arguslm_llm.decoders import dialect_of
from arguslm_llm.http1 import host_and_port, origin_of
from arguslm_llm.last_refusal import heard, heard_blocking
from arguslm_llm.network import Network
from arguslm_llm.proxy import Proxy

_building: contextvars.ContextVar[bool] = contextvars.ContextVar("building", default=False)


# Where LiteLLM looks for the template of a model that it does not know.
_CHAT_TEMPLATES = "huggingface.co"
# What LiteLLM is told, and says in turn, when it would ask where we cannot read the answer.
NOT_SENT = "nothing is sent while a request is built"
NOT_TOLD = "nobody else is told which model is asked"


class Captured(BaseException):
    """The request LiteLLM was about to send. A BaseException, because LiteLLM and the clients
    beneath it catch, wrap and retry every Exception."""

    def __init__(self, request: httpx.Request) -> None:
        super().__init__("a captured request")
        self.request = request


def load(network: Network) -> Any:
    """Import LiteLLM, quiet and behind the gate. Takes seconds; call it once, off the loop."""
    os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"  # read while importing
    os.environ.setdefault("LITELLM_LOG", "CRITICAL")
    litellm: Any = importlib.import_module("litellm")
    handlers: Any = importlib.import_module("litellm.llms.custom_httpx.http_handler")
    for name in ("LiteLLM", "LiteLLM Router", "LiteLLM Proxy"):
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)
    litellm.suppress_debug_info = True
    litellm.telemetry = False
    litellm.disable_hf_tokenizer_download = True  # it would tell Hugging Face which model is asked
    litellm.drop_params = True
    litellm.num_retries = 0
    _install(litellm, handlers, network)
    return litellm


def _install(litellm: Any, handlers: Any, network: Network) -> None:
    """Put the gate under every HTTP client that LiteLLM makes, those made while importing too."""
    asynchronous, synchronous = handlers.AsyncHTTPHandler, handlers.HTTPHandler

    def create_async(*_: object, **__: object) -> httpx.AsyncBaseTransport:
        return _AsyncGate(network)

    def create_sync(*_: object, **__: object) -> httpx.BaseTransport:
        return _SyncGate(network)

    def no_mounts(*_: object, **__: object) -> dict[str, object]:
        return {}  # a proxy mounted here would go around the gate

    asynchronous.create_async_transport = staticmethod(create_async)
    asynchronous._create_async_transport = staticmethod(create_async)
    asynchronous.create_httpx_proxy_mounts = staticmethod(no_mounts)
    synchronous._create_sync_transport = create_sync
    synchronous._create_sync_proxy_mounts = no_mounts
    # OpenAI's client for text completions would else make connections of its own.
    litellm.aclient_session = httpx.AsyncClient(transport=_AsyncGate(network), timeout=60)
    litellm.in_memory_llm_clients_cache.flush_cache()  # these pass an earlier gate
    litellm.module_level_aclient = asynchronous(timeout=60)
    litellm.module_level_client.client = httpx.Client(transport=_SyncGate(network), timeout=60)


class building:  # noqa: N801 - reads as a statement: `with building():`
    """While this block runs, LiteLLM's requests are captured and nothing leaves."""

    def __enter__(self) -> None:
        self._token = _building.set(True)

    def __exit__(self, *_: object) -> None:
        _building.reset(self._token)


def _capture(request: httpx.Request) -> None:
    if request.url.host == _CHAT_TEMPLATES:
        raise httpx.ConnectError(NOT_TOLD, request=request)
    if not _building.get():
        return
    if dialect_of(str(request.url)) is not None:
        raise Captured(request)
    raise httpx.ConnectError(NOT_SENT, request=request)


class _AsyncGate(httpx.AsyncBaseTransport):
    def __init__(self, network: Network) -> None:
        self._network = network
        self._direct = httpx.AsyncHTTPTransport(verify=network.ssl_context, retries=0)
        self._through: dict[Proxy, httpx.AsyncHTTPTransport] = {}

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        _capture(request)
        if (carried_by := carrier.get()) is not None:
            return await carried_by.carry(request)
        origin, egress = origin_of(str(request.url)), self._network.egress
        proxy = self._network.proxies.leading_to(origin)
        if proxy is None:
            addresses = await egress.resolve(origin.host, origin.port)
            return await heard(
                await self._direct.handle_async_request(_pinned(request, addresses[0]))
            )
        if proxy.resolves:
            egress.check_unresolved(origin.host)
        else:
            request = _pinned(request, (await egress.resolve(origin.host, origin.port))[0])
        if proxy not in self._through:
            self._through[proxy] = httpx.AsyncHTTPTransport(
                verify=self._network.ssl_context,
                retries=0,
                proxy=_httpx_proxy(proxy, self._network),
            )
        return await heard(await self._through[proxy].handle_async_request(request))

    async def aclose(self) -> None:
        for transport in (self._direct, *self._through.values()):
            await transport.aclose()


class _SyncGate(httpx.BaseTransport):
    def __init__(self, network: Network) -> None:
        self._network = network
        self._direct = httpx.HTTPTransport(verify=network.ssl_context, retries=0)
        self._through: dict[Proxy, httpx.HTTPTransport] = {}

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        _capture(request)
        origin, egress = origin_of(str(request.url)), self._network.egress
        proxy = self._network.proxies.leading_to(origin)
        if proxy is None:
            addresses = egress.resolve_blocking(origin.host, origin.port)
            return heard_blocking(self._direct.handle_request(_pinned(request, addresses[0])))
        if proxy.resolves:
            egress.check_unresolved(origin.host)
        else:
            request = _pinned(request, egress.resolve_blocking(origin.host, origin.port)[0])
        if proxy not in self._through:
            self._through[proxy] = httpx.HTTPTransport(
                verify=self._network.ssl_context,
                retries=0,
                proxy=_httpx_proxy(proxy, self._network),
            )
        return heard_blocking(self._through[proxy].handle_request(request))

    def close(self) -> None:
        for transport in (self._direct, *self._through.values()):
            transport.close()


def _httpx_proxy(proxy: Proxy, network: Network) -> httpx.Proxy:
    url = f"{proxy.origin.scheme}://{host_and_port(proxy.origin)}"
    secured = network.ssl_context if proxy.origin.scheme == "https" else None
    return httpx.Proxy(url, auth=proxy.login, ssl_context=secured)


def _pinned(request: httpx.Request, address: Address) -> httpx.Request:
    """The same request to the address that was checked; Host and certificate stay the name's."""
    name = request.url.host
    request.url = request.url.copy_with(host=address[1], port=address[2])
    request.extensions = {**request.extensions, "sni_hostname": name}
    return request
