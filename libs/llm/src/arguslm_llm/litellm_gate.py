"""The one place that imports LiteLLM, and the gate all its connections pass.

While a request is being built, the gate lets nothing out: it hands the finished request back to
us instead. At other times it lets LiteLLM connect, under our egress policy. Proxies, retries and
the download of the price map are off.
"""

import contextvars
import importlib
import logging
import os
import ssl
from typing import Any

import certifi
import httpx

from arguslm_llm.decoders import dialect_of
from arguslm_llm.egress import Address, EgressPolicy

_DEFAULT_PORTS = {"http": 80, "https": 443}
_building: contextvars.ContextVar[bool] = contextvars.ContextVar("building", default=False)


class Captured(BaseException):
    """The request LiteLLM was about to send. A BaseException, because LiteLLM and the clients
    beneath it catch, wrap and retry every Exception."""

    def __init__(self, request: httpx.Request) -> None:
        super().__init__("a captured request")
        self.request = request


def load(egress: EgressPolicy) -> Any:
    """Import LiteLLM, quiet and behind the gate. Takes seconds; call it once, off the loop."""
    os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"  # read while importing
    os.environ.setdefault("LITELLM_LOG", "CRITICAL")
    litellm: Any = importlib.import_module("litellm")
    handlers: Any = importlib.import_module("litellm.llms.custom_httpx.http_handler")
    for name in ("LiteLLM", "LiteLLM Router", "LiteLLM Proxy"):
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)
    litellm.suppress_debug_info = True
    litellm.telemetry = False
    litellm.drop_params = True
    litellm.num_retries = 0
    _install(litellm, handlers, egress)
    return litellm


def _install(litellm: Any, handlers: Any, egress: EgressPolicy) -> None:
    """Put the gate under every HTTP client that LiteLLM makes, those made while importing too."""
    # One for all: making one takes 20 ms in which no other thread runs, the clocks' neither.
    context = ssl.create_default_context(cafile=certifi.where())
    asynchronous, synchronous = handlers.AsyncHTTPHandler, handlers.HTTPHandler

    def create_async(*_: object, **__: object) -> httpx.AsyncBaseTransport:
        return _AsyncGate(egress, context)

    def create_sync(*_: object, **__: object) -> httpx.BaseTransport:
        return _SyncGate(egress, context)

    def no_mounts(*_: object, **__: object) -> dict[str, object]:
        return {}  # a proxy mounted here would go around the gate

    asynchronous.create_async_transport = staticmethod(create_async)
    asynchronous._create_async_transport = staticmethod(create_async)
    asynchronous.create_httpx_proxy_mounts = staticmethod(no_mounts)
    synchronous._create_sync_transport = create_sync
    synchronous._create_sync_proxy_mounts = no_mounts
    litellm.in_memory_llm_clients_cache.flush_cache()  # these pass an earlier gate
    litellm.module_level_aclient = asynchronous(timeout=60)
    litellm.module_level_client.client = httpx.Client(
        transport=_SyncGate(egress, context), timeout=60
    )


class building:  # noqa: N801 - reads as a statement: `with building():`
    """While this block runs, LiteLLM's requests are captured and nothing leaves."""

    def __enter__(self) -> None:
        self._token = _building.set(True)

    def __exit__(self, *_: object) -> None:
        _building.reset(self._token)


def _capture(request: httpx.Request) -> None:
    if not _building.get():
        return
    if dialect_of(str(request.url)) is not None:
        raise Captured(request)
    raise httpx.ConnectError("nothing is sent while a request is built", request=request)


class _AsyncGate(httpx.AsyncBaseTransport):
    def __init__(self, egress: EgressPolicy, context: ssl.SSLContext) -> None:
        self._egress = egress
        self._inner = httpx.AsyncHTTPTransport(verify=context, retries=0)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        _capture(request)
        url = request.url
        addresses = await self._egress.resolve(url.host, url.port or _DEFAULT_PORTS[url.scheme])
        return await self._inner.handle_async_request(_pinned(request, addresses[0]))

    async def aclose(self) -> None:
        await self._inner.aclose()


class _SyncGate(httpx.BaseTransport):
    def __init__(self, egress: EgressPolicy, context: ssl.SSLContext) -> None:
        self._egress = egress
        self._inner = httpx.HTTPTransport(verify=context, retries=0)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        _capture(request)
        url = request.url
        port = url.port or _DEFAULT_PORTS[url.scheme]
        addresses = self._egress.resolve_blocking(url.host, port)
        return self._inner.handle_request(_pinned(request, addresses[0]))

    def close(self) -> None:
        self._inner.close()


def _pinned(request: httpx.Request, address: Address) -> httpx.Request:
    """The same request to the address that was checked; Host and certificate stay the name's."""
    name = request.url.host
    request.url = request.url.copy_with(host=address[1])
    request.extensions = {**request.extensions, "sni_hostname": name}
    return request
