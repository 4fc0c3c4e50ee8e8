"""Asks every provider type once, all of them played by a server on loopback, and writes down which
path the request took.

    python libs/llm/tests/provider_paths.py            writes docs/providers.md and the labels
    python libs/llm/tests/provider_paths.py --check    says what is not as it is written
"""

import asyncio
import json
import os
import re
import socket
import ssl
import sys
import tempfile
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from recording_server import Asked, LeadingTo, RecordingServer

import arguslm_llm
from arguslm_contracts.measurement import Measurement, ProbeProfile, Stamp, Timeouts
from arguslm_contracts.outcomes import Outcome
from arguslm_contracts.probes import ProbeKind
from arguslm_llm.catalogue import ProviderType, provider_types
from arguslm_llm.endpoint import Endpoint
from arguslm_llm.environment import keep_only_ours
from arguslm_llm.measure import Measurer
from arguslm_llm.network import Network
from arguslm_testkit.certificates import self_signed

PAGE = Path(__file__).parents[3] / "docs" / "providers.md"
DATA = Path(arguslm_llm.__file__).parent / "providers.json"
HEAD = """# Providers

Written by `python libs/llm/tests/provider_paths.py`, which asks every type once, with made-up
credentials, all of them played by a server on loopback; a test runs it again.

Every chat provider of LiteLLM is here, with what it needs and the way its measurements take:

- **captured**: LiteLLM builds and signs the request off the clock; our own wire sends it, and our
  decoders read the stamped answer.
- **injected**: only LiteLLM understands the dialect, or it has to log in first. It sends over our
  wire, and reads the answer when it is whole; each token has the stamp of the bytes that completed
  it.
- **client_library**: LiteLLM sends and reads by itself, and every measurement says so
  (`timing.stamp` is `client_library`).

*Beside words* is what else of our kinds of probes is asked for there: `json_mode`, `json_schema`,
`tool_call`, and vectors (`embedding`), of a model of which LiteLLM has not heard where the type has
no list of its own. What is not named completes as `unsupported`, unasked.

The last column says how far that has been verified. *Recording*: with an answer recorded at the
provider's own (none yet). *Simulation*: the run had its answer, with one request, and one request
alone when it was refused with a 500: no retry, no fallback, and nothing looked up beside Google's
server of tokens. *Unverified*: the run had no answer; the provider may work all the same.

| Type | Provider | Needs | Default address | Way | Asked at | Beside words | Verified |
|---|---|---|---|---|---|---|---|
"""
LEFT_OUT = """Left out, for nobody can watch them with a program alone:

"""
PROBE = ProbeProfile(prompt="ping", max_tokens=9, timeouts=Timeouts(total_s=60))
BESIDE_WORDS = {
    ProbeKind.JSON_MODE: "JSON",
    ProbeKind.JSON_SCHEMA: "schema",
    ProbeKind.TOOL_CALL: "tools",
    ProbeKind.EMBEDDING: "vectors",
}
KEY = "made-up-key-0a1b2c3d4e5f"
ASTRAY = "led-astray"
# Read as `os.environ["NAME"]`, `os.getenv("NAME")`, `get_secret_str("NAME")` and the like.
_VARIABLE = re.compile(
    r"""(?:get_secret\w*|getenv|environ(?:\.get)?)\s*[(\[]\s*["']([A-Z]\w+)["']"""
)
# A process keeps these, and they have to be files.
_CERTIFICATES = {"SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"}
GOOGLE_TOKENS = "oauth2.googleapis.com"
OWN_ADDRESS = "https://own.test/v1"
# Where a model's name or an own address has a shape.
MODELS = {
    "aws_bedrock": "amazon.nova-lite-v1:0",
    "bedrock": "amazon.nova-lite-v1:0",
    "clarifai": "user.app.model",
    "google_vertex": "gemini-2.5-pro",
    "vertex_ai": "gemini-2.5-pro",
    "vertex_ai_beta": "gemini-2.5-pro",
}
EMBEDDERS = {
    "aws_bedrock": "amazon.titan-embed-text-v2:0",
    "bedrock": "amazon.titan-embed-text-v2:0",
    "google_vertex": "text-embedding-005",
    "vertex_ai": "text-embedding-005",
    "vertex_ai_beta": "text-embedding-005",
}
OWN_ADDRESSES = {"triton": "https://own.test/v2/models/m/generate", "gdc": "https://own.test"}


@dataclass(frozen=True)
class Seen:
    """What one type did: how it was asked, answered, and refused, and what else it is asked for;
    and, where it has to log in first, what became of that where it was not let in."""

    type_id: str
    answered: Measurement
    refused: Measurement
    shut_out: Measurement | None
    questions: list[Asked]
    refused_questions: list[Asked]
    kinds: list[ProbeKind]

    @property
    def is_timed_by_library(self) -> bool:
        """By the measurement's own word."""
        return self.answered.timing.stamp is Stamp.CLIENT_LIBRARY

    @property
    def is_simulated(self) -> bool:
        return self.answered.outcome is Outcome.OK


def rsa_key() -> str:
    """For the providers that sign with one."""
    private = rsa.generate_private_key(public_exponent=65_537, key_size=2048)
    form = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    return private.private_bytes(serialization.Encoding.PEM, *form).decode()


def made_up(type_id: str, provider: ProviderType, pem: str, key: str = KEY) -> Endpoint:
    """An endpoint with everything that its type may need, in the right shape."""
    service_account = {
        "type": "service_account",
        "project_id": "made-up",
        "client_email": f"{key}@made-up.test",
        "private_key": pem,
        "token_uri": f"https://{GOOGLE_TOKENS}/token",
    }
    secrets = dict.fromkeys(provider.secrets, key)
    if provider.litellm.startswith("vertex_ai"):
        secrets["api_key"] = json.dumps(service_account)
    if "oci_key" in secrets:
        secrets["oci_key"] = pem
    needs_address = provider.base_url == "required" and not provider.spec.default_base_url
    return Endpoint(
        type_id,
        base_url=OWN_ADDRESSES.get(type_id, OWN_ADDRESS) if needs_address else None,
        settings=dict.fromkeys(provider.required_settings, "made-up") | _region(provider),
        credentials=secrets,
        model=MODELS.get(type_id, type_id),
    )


def _region(provider: ProviderType) -> dict[str, str]:
    return {"region": "us-east-1"} if "region" in provider.settings else {}


async def ask_all(server: RecordingServer, network: Network) -> list[Seen]:
    """Every type once with an answer and once with a refusal."""
    measurer, pem, seen = Measurer(network), rsa_key(), []
    await measurer.start()
    try:
        for type_id, provider in provider_types().items():
            endpoint = made_up(type_id, provider, pem)
            answered, questions = await _ask(measurer, server, endpoint, 200)
            refused, again = await _ask(measurer, server, endpoint, 500)
            kinds = [
                kind for kind in BESIDE_WORDS if await _is_asked(measurer, server, endpoint, kind)
            ]
            # With another key: who was let in once stays so for a while.
            stranger = made_up(type_id, provider, pem, key="another-0a1b2c3d4e5f")
            shut_out = await _knock(measurer, server, stranger)
            seen.append(Seen(type_id, answered, refused, shut_out, questions, again, kinds))
    finally:
        await measurer.close()
    return seen


async def _ask(
    measurer: Measurer,
    server: RecordingServer,
    endpoint: Endpoint,
    status: int,
    profile: ProbeProfile = PROBE,
) -> tuple[Measurement, list[Asked]]:
    server.asked.clear()
    server.status = status
    measured = await measurer.measure(endpoint, profile)
    return measured, [asked for asked in server.asked if not asked.is_login]


async def _knock(
    measurer: Measurer, server: RecordingServer, endpoint: Endpoint
) -> Measurement | None:
    """Where nobody is let in; None of a type that does not log in."""
    server.asked.clear()
    server.lets_in, server.status = False, 200
    measured = await measurer.measure(endpoint, PROBE)
    server.lets_in = True
    return measured if any(asked.is_login for asked in server.asked) else None


async def _is_asked(
    measurer: Measurer, server: RecordingServer, endpoint: Endpoint, kind: ProbeKind
) -> bool:
    if kind is ProbeKind.EMBEDDING and endpoint.provider_type in EMBEDDERS:
        endpoint = replace(endpoint, model=EMBEDDERS[endpoint.provider_type])
    profile = PROBE.model_copy(update={"kind": kind, "answer_schema": {"type": "object"}})
    _, questions = await _ask(measurer, server, endpoint, 500, profile)
    return bool(questions)


def look_ups(server_port: int) -> set[str]:
    """From now on every name that anybody looks up in this process is the recording server; the
    names are kept. Our own network looks up none."""
    names: set[str] = set()

    def found(host: object, *_: object, **__: object) -> list[tuple[object, ...]]:
        names.add(str(host))
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", server_port))]

    socket.getaddrinfo = found  # type: ignore[assignment]
    return names


def tempt() -> None:
    """Every variable that LiteLLM names in its sources leads astray, as if somebody had set it."""
    spec = find_spec("litellm")
    assert spec is not None
    assert spec.origin is not None
    sources = Path(spec.origin).parent.rglob("*.py")
    named = {n for file in sources for n in _VARIABLE.findall(file.read_text(errors="ignore"))}
    for name in named - _CERTIFICATES:
        os.environ[name] = f"https://{ASTRAY}-{name.lower().replace('_', '-')}.test"


def run() -> tuple[list[Seen], set[str]]:
    """What every type did, and the names that were looked up beside the way we know."""
    tempt()
    keep_only_ours()
    with tempfile.TemporaryDirectory() as directory:
        certificate = self_signed(Path(directory), GOOGLE_TOKENS)
        server = RecordingServer(certificate)
        names = look_ups(server.port)
        os.environ["REQUESTS_CA_BUNDLE"] = str(certificate)  # google-auth asks by `requests`
        trusting = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        trusting.check_hostname = False
        trusting.verify_mode = ssl.CERT_NONE
        try:
            network = Network(LeadingTo(server_port=server.port), tls=trusting)
            return asyncio.run(ask_all(server, network)), names
        finally:
            server.close()


def page(seen: list[Seen]) -> str:
    """docs/providers.md"""
    rows = [_row(one) for one in sorted(seen, key=lambda one: one.type_id)]
    left_out = json.loads(DATA.read_text())["left_out"]
    reasons = [f"- `{name}`: {reason}" for name, reason in sorted(left_out.items())]
    return HEAD + "\n".join(rows) + "\n\n" + LEFT_OUT + "\n".join(reasons) + "\n"


def _row(one: Seen) -> str:
    spec = provider_types()[one.type_id].spec
    asked = one.questions[0] if one.questions else None
    # The own address of nobody in particular says nothing.
    where = f"`{asked.method} {asked.host}{asked.path}`" if asked else "-"
    cells = (
        f"`{one.type_id}`",
        spec.label,
        ", ".join(spec.needs) or "-",
        f"`{spec.default_base_url}`" if spec.default_base_url else "-",
        spec.route,
        where.replace("own.test", "…"),
        ", ".join(BESIDE_WORDS[kind] for kind in one.kinds) or "-",
        spec.verified,
    )
    return f"| {' | '.join(cells)} |"


def faults(seen: list[Seen], names: set[str]) -> list[str]:
    """What is not as the catalogue says, and every request too many."""
    found = [f"looked up {name}" for name in sorted(names - {GOOGLE_TOKENS, "127.0.0.1"})]
    for one in seen:
        spec = provider_types()[one.type_id].spec
        if one.is_simulated != (spec.verified != "unverified"):
            found.append(f"{one.type_id} is {spec.verified}: {one.answered.outcome}")
        if one.questions and one.is_timed_by_library != (spec.route == "client_library"):
            found.append(f"{one.type_id} is {spec.route}: {one.answered.timing.stamp}")
        found += [f"{one.type_id} heeds {asked}" for asked in one.questions if ASTRAY in str(asked)]
        asked = [len(one.questions), len(one.refused_questions)]
        if asked != [1, 1] and spec.verified != "unverified":
            found.append(f"{one.type_id} sent {asked[0]} requests, and {asked[1]} when refused")
        if one.is_simulated and one.refused.outcome is not Outcome.SERVER_ERROR:
            found.append(f"{one.type_id} refused with 500 is {one.refused.outcome}")
        if one.shut_out is not None and one.shut_out.outcome is not Outcome.AUTH:
            found.append(f"{one.type_id} not let in is {one.shut_out.outcome}")
    return found


def main() -> None:
    check = "--check" in sys.argv[1:]
    seen, names = run()
    found = faults(seen, names)
    if not check:
        PAGE.write_text(page(seen))
    elif page(seen) != PAGE.read_text():
        found.append("docs/providers.md is not current: run libs/llm/tests/provider_paths.py")
    if found:
        sys.exit("\n".join(found))


if __name__ == "__main__":
    main()
