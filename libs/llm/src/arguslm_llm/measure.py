"""One request, one measurement."""

import asyncio
import gc
import sys
from concurrent.futures import ThreadPoolExecutor

from arguslm_contracts.measurement import Evidence, Measurement, Price, ProbeProfile
from arguslm_contracts.outcomes import Outcome
from arguslm_llm import client_library, wire_beneath
from arguslm_llm.cannot_build import CannotBuild
from arguslm_llm.catalogue import provider_types
from arguslm_llm.content_coding import is_readable
from arguslm_llm.decoders import Dialect, decode, progress_of
from arguslm_llm.decoders.errors import error_body
from arguslm_llm.decoders.transcript import Transcript
from arguslm_llm.endpoint import Endpoint
from arguslm_llm.exchange import Exchange
from arguslm_llm.litellm_arguments import arguments_for, supported
from arguslm_llm.loop_lag import LoopLagSampler
from arguslm_llm.model_mode import mode_of
from arguslm_llm.network import Network
from arguslm_llm.prices import PriceMap, cost_of
from arguslm_llm.probe_forms import embedding_of, findings_of, read_schema_tool
from arguslm_llm.quiet_collector import QuietCollector
from arguslm_llm.redaction import Redactor
from arguslm_llm.report import MESSAGE_LIMIT, report
from arguslm_llm.request import BuiltRequest, LiteLLMThread, RequestBuilder
from arguslm_llm.wire import Wire

# One build per dialect that people use, so that no first measurement pays for lazy imports.
_WARM_UP = (
    Endpoint("openai", credentials={"api_key": "warm-up"}, model="warm-up"),
    Endpoint("custom_openai_compatible", base_url="http://localhost:9/v1", model="warm-up"),
    Endpoint("lm_studio", model="warm-up"),
    Endpoint("vllm", model="warm-up"),
    Endpoint("ollama", model="warm-up"),
    Endpoint("anthropic", credentials={"api_key": "warm-up"}, model="warm-up"),
    Endpoint("google_ai_studio", credentials={"api_key": "warm-up"}, model="warm-up"),
    Endpoint("openrouter", credentials={"api_key": "warm-up"}, model="warm-up"),
    Endpoint("mistral", credentials={"api_key": "warm-up"}, model="warm-up"),
    Endpoint("groq", credentials={"api_key": "warm-up"}, model="warm-up"),
)
# Other threads share the interpreter with the clocks: they have to hand it over soon.
_SWITCH_INTERVAL_S = 0.0002


class Measurer:
    """Asks endpoints and measures the answers. Use it on one event loop, best uvloop's.

    Call `start` before the first measurement: nothing is measured by a cold monitor.
    """

    def __init__(self, network: Network = Network()) -> None:  # noqa: B008 - frozen
        self._litellm = LiteLLMThread(network)
        # Whoever has to ask through LiteLLM may hang there: that is not where requests are built.
        self._asking = LiteLLMThread(network)
        self._builder = RequestBuilder(self._litellm)
        self._wire = Wire(network)
        self._lag = LoopLagSampler()
        self._collector = QuietCollector()
        self._prices = PriceMap({})
        self._starting = asyncio.Lock()
        self._warm = False
        # Answers are read in one thread: on the loop, many that end together would stop the
        # clocks of the others, and in many threads they would crowd it out.
        self._reader = ThreadPoolExecutor(max_workers=1, thread_name_prefix="answer-reader")

    async def start(self) -> None:
        """Import LiteLLM and build one request per common dialect, sending nothing.

        Further calls wait for the first and do no more.
        """
        if self._warm:
            return
        async with self._starting:
            if not self._warm:
                await self._warm_up()
                sys.setswitchinterval(_SWITCH_INTERVAL_S)
                self._warm = True

    async def _warm_up(self) -> None:
        gc.disable()  # looking for garbage among what stays for ever costs a sixth of the start
        try:
            await self._litellm.start()
            self._prices = PriceMap(self._litellm.litellm.model_cost)
            for endpoint in _WARM_UP:
                await self._builder.build(endpoint, ProbeProfile(prompt="warm-up"))
            self._collector.take_over()
        finally:
            gc.enable()

    async def close(self) -> None:
        """Close idle connections and end LiteLLM's thread."""
        await self._wire.close()
        await self._asking.close()
        await self._litellm.close()
        self._reader.shutdown()

    async def measure(
        self, endpoint: Endpoint, profile: ProbeProfile, *, scheduled_ns: int | None = None
    ) -> Measurement:
        """Ask once, with no retry, but for a request that was refused for its form: it is mended,
        once and for all that follow. Never raises for anything the endpoint does.

        Args:
            scheduled_ns: when the request was due, in ns of time.monotonic_ns().
        """
        redactor = Redactor(endpoint.credentials.values())
        try:
            if _through_library(endpoint):
                asked = await self._through_litellm(endpoint, profile, redactor, scheduled_ns)
            else:
                asked = await self._in_our_words(endpoint, profile, redactor, scheduled_ns)
        except CannotBuild as error:
            message = redactor.clean(error.message, limit=MESSAGE_LIMIT)
            return Measurement.of(error.outcome, evidence=Evidence(message=message))
        asked = _with_thoughts_counted(asked, profile)
        price = self._prices.price_of(endpoint, asked.usage.input_tokens or 0)
        return asked.model_copy(update={"cost": cost_of(asked, price)})

    def price_of(self, endpoint: Endpoint) -> Price | None:
        """What a short question costs there, once started; None where nobody knows."""
        return self._prices.price_of(endpoint)

    async def _in_our_words(
        self,
        endpoint: Endpoint,
        profile: ProbeProfile,
        redactor: Redactor,
        scheduled_ns: int | None,
    ) -> Measurement:
        """A request that LiteLLM built, over our wire; mended where it is refused for its form."""
        built = await self._builder.build(endpoint, profile)
        asked = await self._through_wire(endpoint, built, profile, redactor, scheduled_ns)
        while refused := self._builder.mend(endpoint, built, asked.evidence):
            built = await self._builder.build(endpoint, profile)
            again = await self._through_wire(endpoint, built, profile, redactor, scheduled_ns)
            asked = _with_mending_told(again, refused)
        return asked

    async def _through_wire(
        self,
        endpoint: Endpoint,
        built: BuiltRequest,
        profile: ProbeProfile,
        redactor: Redactor,
        scheduled_ns: int | None,
    ) -> Measurement:
        with self._collector.measuring(), self._lag.watch() as lag:
            exchange = await self._wire.exchange(
                built.request,
                profile.timeouts,
                progress_of(built.dialect),
                scheduled_ns=scheduled_ns,
            )

        def read() -> Measurement:
            transcript = transcribe(built.dialect, exchange)
            read_schema_tool(profile, transcript)
            measured = report(endpoint.provider_type, exchange, transcript, redactor, lag=lag)
            return _with_findings(measured, profile, transcript, redactor)

        return await asyncio.get_running_loop().run_in_executor(self._reader, read)

    async def _through_litellm(
        self,
        endpoint: Endpoint,
        profile: ProbeProfile,
        redactor: Redactor,
        scheduled_ns: int | None,
    ) -> Measurement:
        provider = provider_types()[endpoint.provider_type]
        litellm, timeouts = self._litellm.litellm, profile.timeouts
        mode = mode_of(litellm, provider, endpoint.model or "", profile.kind)
        if mode == "embedding":
            raise CannotBuild(Outcome.UNSUPPORTED, "embeddings are not asked for by this route")
        arguments = supported(litellm, arguments_for(endpoint, provider, profile, mode))
        if provider.spec.route == "injected":
            asking = wire_beneath.ask(litellm, arguments, timeouts, scheduled_ns, self._asking.wire)
        else:
            asking = client_library.ask(litellm, arguments, timeouts, scheduled_ns)
        with self._collector.measuring(), self._lag.watch() as lag:
            exchange, transcript = await self._asking.run(asking)
        measured = report(endpoint.provider_type, exchange, transcript, redactor, lag=lag)
        return _with_findings(measured, profile, transcript, redactor)


def _with_mending_told(measured: Measurement, refused: str) -> Measurement:
    """An answer that took two requests says so."""
    if measured.evidence.message is not None:
        return measured
    told = {"message": f"asked again: {refused} was refused"}
    return measured.model_copy(update={"evidence": measured.evidence.model_copy(update=told)})


def _with_thoughts_counted(measured: Measurement, profile: ProbeProfile) -> Measurement:
    """Who was cut off in thought has used all that was allowed, also where a refusal is all that
    tells it: how much to allow the next time is learned from this."""
    if measured.outcome is not Outcome.TRUNCATED or measured.usage.output_tokens is not None:
        return measured
    counted = {"output_tokens": profile.max_tokens, "source": "estimated"}
    return measured.model_copy(update={"usage": measured.usage.model_copy(update=counted)})


def _with_findings(
    measured: Measurement, profile: ProbeProfile, transcript: Transcript, redactor: Redactor
) -> Measurement:
    if (embedding := embedding_of(profile, transcript)) is not None:
        measured = measured.model_copy(update={"embedding": embedding})
    findings = findings_of(profile, measured, transcript, redactor)
    return measured.model_copy(update={"findings": findings}) if findings else measured


async def preload() -> None:
    """Import and warm what a measurer needs, for the processes that will be forked from this one;
    no thread, connection or open file stays."""
    measurer = Measurer()
    await measurer._warm_up()
    await measurer.close()


def transcribe(dialect: Dialect, exchange: Exchange) -> Transcript:
    """Read what came back: an answer, or the body of a refusal."""
    if exchange.status is None:
        return Transcript()
    if exchange.status >= 300:
        body = b"".join(data for _, data in exchange.reads)
        return Transcript(error=error_body(body, exchange.headers))
    encoding = exchange.headers.get("content-encoding", "")
    if not is_readable(encoding):
        return Transcript(malformed=f"the answer is compressed ({encoding}), against our request")
    return decode(dialect, exchange.reads)


def _through_library(endpoint: Endpoint) -> bool:
    provider = provider_types().get(endpoint.provider_type)
    return provider is not None and provider.spec.route != "captured"
