"""LiteLLM builds the request; it never holds the stopwatch.

The builder runs LiteLLM in a thread with an event loop of its own, ahead of every clock, and
takes from it the finished request: URL, headers and body. What was built is kept for a while,
since the same probe is sent again and again.
"""

import asyncio
import threading
import time
from collections import OrderedDict
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any, TypeVar
from urllib.parse import urlsplit

import httpx
import orjson
from anyio import to_thread

from arguslm_contracts.measurement import Evidence, ProbeProfile
from arguslm_contracts.outcomes import Outcome
from arguslm_contracts.probes import ProbeKind
from arguslm_llm import litellm_gate
from arguslm_llm.cannot_build import CannotBuild
from arguslm_llm.catalogue import ProviderType, is_within, provider_type
from arguslm_llm.decoders import Dialect, dialect_of
from arguslm_llm.endpoint import Endpoint
from arguslm_llm.http1 import ProtocolError, WireRequest, origin_of
from arguslm_llm.litellm_arguments import NO_KEY, arguments_for, embedding_arguments, supported
from arguslm_llm.litellm_errors import chain_of, first_line, not_let_in
from arguslm_llm.model_mode import Mode, mode_of
from arguslm_llm.network import Network
from arguslm_llm.probe_forms import FORMED
from arguslm_llm.refused_parameters import RefusedParameters, named_in
from arguslm_llm.wire import Wire

T = TypeVar("T")

_KEPT_REQUESTS = 4096
_KEPT_FOR_S = 300.0
# With a login, where LiteLLM does that while it builds: people who test a connection wait for both.
_BUILD_WITHIN_S = 15.0
# Blocking waits of LiteLLM's: asyncio's own number is six on two cores.
_WAITING_AT_ONCE = 256
# What LiteLLM says of a vendor of which it knows no embeddings.
_EMBEDS_NOTHING = "Unmapped LLM provider for this endpoint"
# These describe the client library, which is not who asks.
_LIBRARY_HEADERS = (
    *("x-stainless-", "http-referer", "x-title", "request-source"),
    *("x-novita-source", "x-pplx-integration"),
)
# Read from the machine's environment by the OpenAI client; sent only when the endpoint says so.
_ACCOUNT_HEADERS = {"openai-organization": "organization_id", "openai-project": "project_id"}


@dataclass(frozen=True, slots=True)
class BuiltRequest:
    """A request, the dialect its answer comes in, and the parameters that it does without, since
    the endpoint has refused them."""

    request: WireRequest
    dialect: Dialect
    without: frozenset[str] = frozenset()


class LiteLLMThread:
    """LiteLLM in a thread of its own: its two seconds of importing and its milliseconds of
    building never stop the loop that holds the clocks. Where it waits for a login that hangs, it
    does so in further threads, and there are enough of them for others to be served meanwhile."""

    def __init__(self, network: Network) -> None:
        self._network = network
        self._loop = asyncio.new_event_loop()
        self._loop.set_default_executor(ThreadPoolExecutor(_WAITING_AT_ONCE, "litellm-waits"))
        self._thread = threading.Thread(target=self._loop.run_forever, name="litellm", daemon=True)
        self._wire: Wire | None = None
        self.litellm: Any = None

    async def start(self) -> None:
        """Import LiteLLM. Raises what the import raises; it may then be tried again."""

        async def load() -> Any:
            return litellm_gate.load(self._network)

        self.litellm = await self.run(load())

    @property
    def wire(self) -> Wire:
        """The wire beneath LiteLLM, for use in its own loop."""
        if self._wire is None:
            self._wire = Wire(self._network)
        return self._wire

    async def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine in LiteLLM's loop; cancelling the wait cancels it there too."""
        if not self._thread.is_alive():
            self._loop.create_task(_make_room())
            self._thread.start()
        return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(work, self._loop))

    async def close(self) -> None:
        if self._wire is not None:
            await self.run(self._wire.close())
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._loop.stop)
            await asyncio.to_thread(self._thread.join)
        self._loop.close()


async def _make_room() -> None:
    to_thread.current_default_thread_limiter().total_tokens = _WAITING_AT_ONCE


class RequestBuilder:
    """Builds requests and keeps them."""

    def __init__(self, thread: LiteLLMThread) -> None:
        self._thread = thread
        self._kept: OrderedDict[object, tuple[float, BuiltRequest]] = OrderedDict()
        self._refused = RefusedParameters()

    def mend(self, endpoint: Endpoint, built: BuiltRequest, evidence: Evidence) -> str | None:
        """Build requests in another way from now on, if that is what a refusal tells: the parameter
        that was refused. It may be known by now, from others that were under way at the time."""
        for name in named_in(evidence):
            if name not in built.without and _sends(built, name):
                self._refused.add(endpoint, name)
                return name
        return None

    async def build(self, endpoint: Endpoint, profile: ProbeProfile) -> BuiltRequest:
        """The request that asks this endpoint this question.

        Raises:
            CannotBuild: the type is unknown, something it needs is missing, LiteLLM refuses, or
                the request would go to an address that is not this endpoint's.
        """
        provider = _known(endpoint.provider_type)
        refused = self._refused.of(endpoint)
        key = _key(endpoint, profile, refused)
        kept = self._kept.get(key)
        if kept is not None and time.monotonic() - kept[0] < _KEPT_FOR_S:
            self._kept.move_to_end(key)
            return kept[1]
        if not endpoint.model:
            raise CannotBuild(Outcome.BAD_REQUEST, "no model was named")
        mode = mode_of(self._thread.litellm, provider, endpoint.model, profile.kind)
        plain = await self._plain(endpoint, profile)
        passed_on = plain is not None and _reads_openai(plain)
        request = await self._capture(
            endpoint, provider, profile, mode, refused, passed_on=passed_on
        )
        built = replace(_checked(request, endpoint, provider), without=refused)
        if plain is not None and plain.request.body == built.request.body:
            unworded = f"LiteLLM has no words for {profile.kind} at {endpoint.provider_type}"
            raise CannotBuild(Outcome.UNSUPPORTED, unworded)
        if not _signed(built.request):
            self._keep(key, built)
        return built

    async def _plain(self, endpoint: Endpoint, profile: ProbeProfile) -> BuiltRequest | None:
        """The same question without the form that the kind gives it: it tells how the endpoint is
        asked, and whether the form is left out in silence. None where the kind has no form."""
        if profile.kind not in FORMED:
            return None
        unformed = profile.model_copy(update={"kind": ProbeKind.LIVENESS})
        plain = await self.build(endpoint, unformed)
        if _completes_text(plain):
            raise CannotBuild(
                Outcome.UNSUPPORTED, f"{endpoint.model} completes texts: {profile.kind} is for chat"
            )
        return plain

    async def _capture(
        self,
        endpoint: Endpoint,
        provider: ProviderType,
        profile: ProbeProfile,
        mode: Mode,
        refused: frozenset[str],
        *,
        passed_on: bool,
    ) -> httpx.Request:
        litellm = self._thread.litellm

        async def build() -> httpx.Request:
            with litellm_gate.building():
                try:
                    if mode == "embedding":
                        await litellm.aembedding(**embedding_arguments(endpoint, provider, profile))
                    else:
                        arguments = arguments_for(endpoint, provider, profile, mode, refused)
                        arguments = supported(litellm, arguments, passed_on=passed_on)
                        answer = await litellm.acompletion(**arguments)
                        async for _ in answer:  # some send only when the stream is read
                            break
                except litellm_gate.Captured as captured:
                    return captured.request
            raise CannotBuild(Outcome.MONITOR_ERROR, "LiteLLM built no request")

        try:
            async with asyncio.timeout(_BUILD_WITHIN_S):
                return await self._thread.run(build())
        except TimeoutError as error:
            raise _took_too_long(provider) from error
        except CannotBuild:
            raise
        except Exception as error:  # LiteLLM raises whatever it likes; it is said, not hidden
            raise _why(error, endpoint, litellm) from error

    def _keep(self, key: object, built: BuiltRequest) -> None:
        self._kept[key] = (time.monotonic(), built)
        self._kept.move_to_end(key)
        while len(self._kept) > _KEPT_REQUESTS:
            self._kept.popitem(last=False)


def _took_too_long(provider: ProviderType) -> CannotBuild:
    """Google's are logged in to while LiteLLM builds."""
    if provider.litellm.startswith("vertex_ai"):
        late = f"logging in took more than {_BUILD_WITHIN_S:g} s"
        return CannotBuild(Outcome.TIMEOUT_TOTAL, late)
    return CannotBuild(Outcome.MONITOR_ERROR, "LiteLLM took too long")


def _why(error: Exception, endpoint: Endpoint, litellm: Any) -> CannotBuild:
    """What stands against a request, from what LiteLLM says of it."""
    message, whose = first_line(error), endpoint.provider_type
    all_said = " ".join(str(each) for each in chain_of(error))
    if _EMBEDS_NOTHING in message:
        return CannotBuild(Outcome.UNSUPPORTED, f"LiteLLM knows no embeddings of {whose}")
    if litellm_gate.NOT_SENT in all_said or litellm_gate.NOT_TOLD in all_said:
        unread = f"LiteLLM would ask {whose} in a way whose answer we cannot read"
        return CannotBuild(Outcome.UNSUPPORTED, unread)
    if isinstance(error, litellm.UnsupportedParamsError):
        return CannotBuild(Outcome.UNSUPPORTED, message)
    return not_let_in(error) or CannotBuild(Outcome.BAD_REQUEST, message)


def _known(type_id: str) -> ProviderType:
    try:
        return provider_type(type_id)
    except ValueError as error:
        raise CannotBuild(Outcome.BAD_REQUEST, str(error)) from error


def _key(endpoint: Endpoint, profile: ProbeProfile, refused: frozenset[str]) -> object:
    return (
        refused,
        endpoint.provider_type,
        endpoint.base_url,
        endpoint.model,
        tuple(sorted(endpoint.settings.items())),
        tuple(sorted(endpoint.credentials.items())),
        profile.prompt,
        profile.max_tokens,
        profile.temperature,
        profile.kind,
        profile.reasoning_effort,
        None if profile.answer_schema is None else orjson.dumps(profile.answer_schema),
    )


def _reads_openai(built: BuiltRequest) -> bool:
    """Whether tools and formats may be asked for as OpenAI words them."""
    return built.dialect in (Dialect.OPENAI, Dialect.COHERE)


def _sends(built: BuiltRequest, name: str) -> bool:
    """Whether a parameter is in a request. Whether it streams, other vendors say in the address;
    the rest is OpenAI's alone to mend."""
    if name == "stream":
        return True
    return built.dialect is Dialect.OPENAI and f'"{name}"'.encode() in built.request.body


def _completes_text(built: BuiltRequest) -> bool:
    path = urlsplit(built.request.url).path.rstrip("/")
    return path.endswith("/completions") and not path.endswith("/chat/completions")


def _checked(request: httpx.Request, endpoint: Endpoint, provider: ProviderType) -> BuiltRequest:
    """Our form of LiteLLM's request, if it goes where this endpoint is and nowhere else."""
    url = str(request.url)
    dialect = dialect_of(url)
    if dialect is None or not _goes_home(url, endpoint, provider):
        raise CannotBuild(
            Outcome.BAD_REQUEST, f"the request would go to {request.url.host}: refused"
        )
    headers = tuple(
        (name, value)
        for name, value in request.headers.items()
        if NO_KEY not in value and _belongs(name, endpoint)
    )
    if NO_KEY in url or NO_KEY.encode() in request.content:
        raise CannotBuild(Outcome.BAD_REQUEST, f"{endpoint.provider_type} needs an api_key")
    return BuiltRequest(WireRequest(request.method, url, headers, request.content), dialect)


def _belongs(header: str, endpoint: Endpoint) -> bool:
    name = header.lower()
    if name in _ACCOUNT_HEADERS:
        return _ACCOUNT_HEADERS[name] in endpoint.settings
    return not name.startswith(_LIBRARY_HEADERS)


def _goes_home(url: str, endpoint: Endpoint, provider: ProviderType) -> bool:
    """A key is sent to the address it was entered for, or to its vendor's own."""
    home = endpoint.base_url or provider.spec.default_base_url
    if home is None:
        return is_within(url, provider.hosts)
    try:
        return origin_of(url) == origin_of(home)
    except ProtocolError:
        return False


def _signed(request: WireRequest) -> bool:
    """Whether the request is good for this moment only."""
    return any(
        name.lower() == "authorization" and value.startswith("AWS4-HMAC")
        for name, value in request.headers
    )
