"""The way out through proxies: which one, how, and whose refusal it was."""

import asyncio
import ssl

import httpx
import pytest
import uvloop

from arguslm_contracts.measurement import Timeouts
from arguslm_contracts.outcomes import Outcome
from arguslm_egress.policy import EgressBlocked, EgressPolicy
from arguslm_llm import litellm_gate
from arguslm_llm.decoders import Dialect, progress_of
from arguslm_llm.http1 import Origin, WireRequest
from arguslm_llm.network import Network, NetworkSettings
from arguslm_llm.proxy import Proxies, Proxy, proxies_in_environment
from arguslm_llm.wire import Wire
from arguslm_testkit.certificates import self_signed

PROGRESS = progress_of(Dialect.OPENAI)
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"
# The endpoint's name is known to the proxy alone: whoever resolves it here has failed.
ENDPOINT = "127.0.0.1.nip.invalid"


class ProxyServer:
    """A proxy to one endpoint, whatever name it is asked for. `refuses_with` is a status."""

    def __init__(self, endpoint=None, refuses_with=None):
        self.endpoint = endpoint
        self.refuses_with = refuses_with
        self.heads = []
        self.relays = []

    async def serve(self, reader, writer):
        while head := await self._head(reader):
            self.heads.append(head)
            if self.refuses_with:
                writer.write(b"HTTP/1.1 %d No\r\nContent-Length: 0\r\n\r\n" % self.refuses_with)
            elif head.startswith("CONNECT"):
                writer.write(b"HTTP/1.1 200 Connection established\r\nVia: 1.1 test\r\n\r\n")
                there = await asyncio.open_connection("127.0.0.1", self.endpoint)
                await asyncio.gather(relay(reader, there[1]), relay(there[0], writer))
                return
            else:
                writer.write(ANSWER)
        writer.close()

    async def _head(self, reader):
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
        except asyncio.IncompleteReadError:
            return None
        if "Content-Length: 2" in head:
            await reader.readexactly(2)
        return head


async def relay(reader, writer):
    try:
        while data := await reader.read(65536):
            writer.write(data)
    except ConnectionError:
        pass
    writer.close()


async def answer(reader, writer):
    try:
        while await reader.readuntil(b"\r\n\r\n"):
            await reader.readexactly(2)
            writer.write(ANSWER)
    except (asyncio.IncompleteReadError, ConnectionError):
        writer.close()


def port_of(server):
    return server.sockets[0].getsockname()[1]


def asked_through(
    proxy_server, url, *, times=1, egress=None, tls=None, login=None, scheme="http", serving=None
):
    """The exchanges of some requests to `url` by way of this proxy, which is `serving` TLS itself
    where it is an https one."""

    async def main():
        async with await asyncio.start_server(
            proxy_server.serve, "127.0.0.1", 0, ssl=serving
        ) as server:
            proxy = Proxy(Origin(scheme, "127.0.0.1", port_of(server)), login)
            network = Network(egress or EgressPolicy(), Proxies({"all": proxy}), tls)
            wire = Wire(network)
            request = WireRequest("POST", url, (("Authorization", "Bearer key"),), b"{}")
            found = [await wire.exchange(request, Timeouts(), PROGRESS) for _ in range(times)]
            await wire.close()
        return found

    return uvloop.run(main())


def serving_tls(file):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    return context


def asked_securely(file, proxy_server, scheme="http", login=None):
    """Two exchanges with a secure endpoint by way of a proxy, which shows the same certificate
    where it is an https one."""
    secured = serving_tls(file) if scheme == "https" else None

    async def main():
        async with (
            await asyncio.start_server(answer, "127.0.0.1", 0, ssl=serving_tls(file)) as secure,
            await asyncio.start_server(proxy_server.serve, "127.0.0.1", 0, ssl=secured) as server,
        ):
            proxy_server.endpoint = port_of(secure)
            proxy = Proxy(Origin(scheme, "127.0.0.1", port_of(server)), login)
            tls = ssl.create_default_context(cafile=file)
            wire = Wire(Network(proxies=Proxies({"https": proxy}), tls=tls))
            request = WireRequest("POST", f"https://{ENDPOINT}/v1", (("X-Key", "k"),), b"{}")
            found = [await wire.exchange(request, Timeouts(), PROGRESS) for _ in range(2)]
            await wire.close()
        return found

    return uvloop.run(main())


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_https_goes_through_a_tunnel_that_is_kept(tmp_path, scheme):
    proxy_server = ProxyServer()
    file = self_signed(tmp_path, name=ENDPOINT)
    cold, reused = asked_securely(file, proxy_server, scheme, ("lo", "gin"))
    assert (cold.failure, cold.status, cold.reads[0][1]) == (None, 200, b"hi")
    assert cold.tls_ns > 0
    assert cold.connect_ns > 0
    assert cold.dns_ns is None  # the proxy's business
    assert reused.reused
    [head] = proxy_server.heads
    assert head.startswith(f"CONNECT {ENDPOINT}:443 HTTP/1.1\r\n")
    assert "Proxy-Authorization: Basic bG86Z2lu" in head
    assert "X-Key" not in head


def test_a_secured_proxy_reads_plain_requests(tmp_path):
    proxy_server = ProxyServer()
    file = self_signed(tmp_path)
    found = asked_through(
        proxy_server,
        f"http://{ENDPOINT}:8080/v1",
        times=2,
        tls=ssl.create_default_context(cafile=file),
        scheme="https",
        serving=serving_tls(file),
    )
    assert [(each.failure, each.status, each.reused) for each in found] == [
        (None, 200, False),
        (None, 200, True),
    ]


def test_a_secured_proxy_that_we_do_not_know_is_no_fault_of_the_endpoint(tmp_path):
    serving = serving_tls(self_signed(tmp_path))
    [found] = asked_through(ProxyServer(), f"https://{ENDPOINT}/", scheme="https", serving=serving)
    assert found.failure is Outcome.MONITOR_ERROR
    assert found.message.startswith("proxy 127.0.0.1 port ")
    assert "certificate" in found.message


class SpeaksSomethingElse:
    """Answers whatever comes first, and closes."""

    async def serve(self, reader, writer):
        await reader.read(1)
        writer.write(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
        writer.close()


def test_a_proxy_that_is_taken_for_a_secured_one_is_named():
    [found] = asked_through(SpeaksSomethingElse(), f"https://{ENDPOINT}/", scheme="https")
    assert found.failure is Outcome.MONITOR_ERROR
    assert found.message.startswith("proxy 127.0.0.1 port ")


class SocksServer:
    """A SOCKS5 proxy to one endpoint, whatever it is asked for. It notes what that was.
    `in_pieces`: it answers as slow networks bring it, which not every client survives."""

    def __init__(self, login=None, reply=0, in_pieces=True):
        self.in_pieces = in_pieces
        self.endpoint = None
        self.login = login
        self.reply = reply
        self.asked = []

    async def serve(self, reader, writer):
        if await self._welcomes(reader, writer):
            _, _, _, kind = await reader.readexactly(4)
            length = {1: 4, 4: 16}.get(kind) or (await reader.readexactly(1))[0]
            host, port = await reader.readexactly(length), await reader.readexactly(2)
            self.asked.append((kind, host, int.from_bytes(port)))
            answer = bytes((5, self.reply, 0, 1)) + bytes(6)
            for piece in (answer[:2], answer[2:5], answer[5:]) if self.in_pieces else (answer,):
                writer.write(piece)
                await asyncio.sleep(0.01)
            if not self.reply:
                there = await asyncio.open_connection("127.0.0.1", self.endpoint)
                await asyncio.gather(relay(reader, there[1]), relay(there[0], writer))
        writer.close()

    async def _welcomes(self, reader, writer):
        _, count = await reader.readexactly(2)
        methods = await reader.readexactly(count)
        wanted = 2 if self.login else 0
        writer.write(bytes((5, wanted if wanted in methods else 0xFF)))
        if wanted not in methods:
            return False
        if self.login:
            user = await reader.readexactly((await reader.readexactly(2))[1])
            password = await reader.readexactly((await reader.readexactly(1))[0])
            known = (user.decode(), password.decode()) == self.login
            writer.write(bytes((1, 0 if known else 1)))
            return known
        return True


@pytest.mark.parametrize("login", [None, ("ada", "pässword")])
def test_socks_with_names_that_the_proxy_resolves(tmp_path, login):
    socks = SocksServer(login)
    cold, reused = asked_securely(self_signed(tmp_path, name=ENDPOINT), socks, "socks5h", login)
    assert (cold.failure, cold.status, cold.reads[0][1]) == (None, 200, b"hi")
    assert cold.dns_ns is None
    assert cold.tls_ns > 0
    assert reused.reused
    assert socks.asked == [(3, ENDPOINT.encode(), 443)]


@pytest.mark.parametrize("url", ["http://203.0.113.9:81/v1", "http://[2001:db8::9]:81/v1"])
@pytest.mark.parametrize("scheme", ["socks5", "socks5h"])
def test_socks_with_addresses_also_for_plain_http(scheme, url):
    socks = SocksServer()

    async def main():
        async with (
            await asyncio.start_server(answer, "127.0.0.1", 0) as endpoint,
            await asyncio.start_server(socks.serve, "127.0.0.1", 0) as server,
        ):
            socks.endpoint = port_of(endpoint)
            proxy = Proxy(Origin(scheme, "127.0.0.1", port_of(server)))
            wire = Wire(Network(proxies=Proxies({"all": proxy})))
            request = WireRequest("POST", url, (), b"{}")
            try:
                return await wire.exchange(request, Timeouts(), PROGRESS)
            finally:
                await wire.close()

    found = uvloop.run(main())
    assert (found.failure, found.status) == (None, 200)
    [(kind, host, port)] = socks.asked
    assert (kind, len(host), port) == ((4, 16, 81) if "[" in url else (1, 4, 81))


@pytest.mark.parametrize(
    ("socks", "login", "outcome", "says"),
    [
        (SocksServer(("a", "b")), None, Outcome.MONITOR_ERROR, "wants a login"),
        (SocksServer(("a", "b")), ("a", "x"), Outcome.MONITOR_ERROR, "did not accept our login"),
        (SocksServer(reply=2), None, Outcome.BLOCKED_BY_POLICY, "forbids it"),
        (SocksServer(reply=4), None, Outcome.REFUSED, "could not reach the endpoint"),
        (SocksServer(reply=5), None, Outcome.REFUSED, "was refused by the endpoint"),
        (SocksServer(reply=9), None, Outcome.MONITOR_ERROR, "opened no way"),
        (SpeaksSomethingElse(), None, Outcome.MONITOR_ERROR, "speaks no SOCKS5"),
    ],
)
def test_a_refusal_of_a_socks_proxy_says_so(socks, login, outcome, says):
    [found] = asked_through(socks, f"https://{ENDPOINT}/v1", scheme="socks5h", login=login)
    assert (found.failure, found.status) == (outcome, None)
    assert found.message.startswith("proxy 127.0.0.1 port ")
    assert says in found.message


@pytest.mark.parametrize("host", ["a" * 300 + ".test", "ä" * 80 + ".test"])
def test_a_name_that_is_none_is_told_before_any_proxy(host):
    socks = SocksServer()
    [found] = asked_through(socks, f"http://{host}/v1", scheme="socks5h")
    assert found.failure is Outcome.DNS
    assert socks.asked == []


@pytest.mark.parametrize("scheme", ["socks5", "socks5h"])
def test_what_is_forbidden_is_forbidden_through_socks_too(scheme):
    strict = EgressPolicy(allow_private=False)
    for host in ("169.254.169.254", "10.0.0.1"):
        socks = SocksServer()
        [found] = asked_through(socks, f"http://{host}/latest", egress=strict, scheme=scheme)
        assert found.failure is Outcome.BLOCKED_BY_POLICY
        assert socks.asked == []


@pytest.mark.parametrize("scheme", ["https", "socks5", "socks5h"])
def test_what_litellm_sends_itself_goes_through_any_kind(scheme, tmp_path):
    file = self_signed(tmp_path)
    proxy_server = (
        ProxyServer() if scheme == "https" else SocksServer(("lo", "gin"), in_pieces=False)
    )
    secured = serving_tls(file) if scheme == "https" else None

    async def main():
        async with (
            await asyncio.start_server(answer, "127.0.0.1", 0) as endpoint,
            await asyncio.start_server(proxy_server.serve, "127.0.0.1", 0, ssl=secured) as server,
        ):
            proxy_server.endpoint = port_of(endpoint)
            proxy = Proxy(Origin(scheme, "127.0.0.1", port_of(server)), ("lo", "gin"))
            tls = ssl.create_default_context(cafile=file)
            gate = litellm_gate._AsyncGate(Network(proxies=Proxies({"all": proxy}), tls=tls))
            async with httpx.AsyncClient(transport=gate) as client:
                return (await client.post("http://203.0.113.9/v1", content=b"{}")).text

    assert uvloop.run(main()) == "hi"


def test_plain_http_asks_the_proxy_for_the_whole_address():
    proxy_server = ProxyServer()
    found = asked_through(proxy_server, f"http://{ENDPOINT}:8080/v1?a=1", times=2, login=("a", "b"))
    assert [(each.failure, each.status, each.reused) for each in found] == [
        (None, 200, False),
        (None, 200, True),
    ]
    for head in proxy_server.heads:
        assert head.startswith(f"POST http://{ENDPOINT}:8080/v1?a=1 HTTP/1.1\r\n")
        assert f"Host: {ENDPOINT}:8080\r\n" in head
        assert "Proxy-Authorization: Basic YTpi\r\n" in head


def test_what_litellm_sends_itself_goes_the_same_way():
    proxy_server = ProxyServer()

    async def main():
        async with await asyncio.start_server(proxy_server.serve, "127.0.0.1", 0) as server:
            proxy = Proxy(Origin("http", "127.0.0.1", port_of(server)), ("a", "b"))
            gate = litellm_gate._AsyncGate(Network(proxies=Proxies({"all": proxy})))
            async with httpx.AsyncClient(transport=gate) as client:
                answers = [(await client.get(f"http://{ENDPOINT}/v1")).text for _ in range(2)]
                with pytest.raises(EgressBlocked):
                    await client.get("http://169.254.169.254/v1")
        return answers

    assert uvloop.run(main()) == ["hi", "hi"]
    assert len(proxy_server.heads) == 2
    for head in proxy_server.heads:
        assert head.startswith(f"GET http://{ENDPOINT}/v1 HTTP/1.1\r\n")
        assert "proxy-authorization: basic ytpi\r\n" in head.lower()


@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        (407, Outcome.MONITOR_ERROR),
        (403, Outcome.BLOCKED_BY_POLICY),
        (502, Outcome.REFUSED),
        (400, Outcome.MONITOR_ERROR),
    ],
)
def test_a_refusal_says_that_it_was_the_proxy(scheme, status, outcome):
    [found] = asked_through(ProxyServer(refuses_with=status), f"{scheme}://{ENDPOINT}/v1")
    if scheme == "http" and status != 407:
        assert found.status == status  # of a proxy without a tunnel nobody can tell whose it is
        return
    assert found.failure is outcome
    assert found.status is None
    assert found.message.startswith("proxy 127.0.0.1 port ")
    assert str(status) in found.message


def test_a_proxy_that_is_not_there_is_no_fault_of_the_endpoint(free_port):
    proxy = Proxy(Origin("http", "127.0.0.1", free_port))

    async def main():
        wire = Wire(Network(proxies=Proxies({"all": proxy})))
        request = WireRequest("GET", "https://api.test/")
        try:
            return await wire.exchange(request, Timeouts(), PROGRESS)
        finally:
            await wire.close()

    found = uvloop.run(main())
    assert found.failure is Outcome.MONITOR_ERROR
    assert found.message.startswith(f"proxy 127.0.0.1 port {free_port}: ")
    assert "refused" in found.message


@pytest.mark.parametrize(
    "host", ["169.254.169.254", "metadata.google.internal", "[fd00:ec2::254]", "0xa9fea9fe"]
)
def test_what_is_forbidden_is_forbidden_through_a_proxy_too(host):
    proxy_server = ProxyServer()
    [found] = asked_through(proxy_server, f"http://{host}/latest")
    assert found.failure is Outcome.BLOCKED_BY_POLICY
    assert proxy_server.heads == []


def test_private_addresses_too_where_they_are_written_out():
    strict = EgressPolicy(allow_private=False)
    [found] = asked_through(ProxyServer(), "http://10.0.0.1/v1", egress=strict)
    assert found.failure is Outcome.BLOCKED_BY_POLICY


PROXY = Proxy(Origin("http", "proxy.test", 3128))


@pytest.mark.parametrize(
    ("host", "bypassed", "through"),
    [
        ("api.test", (), True),
        ("api.test", ("*",), False),
        ("api.test", ("test",), False),
        ("api.test", (".test",), False),
        ("api.test", ("*.test",), False),
        ("api.test", ("pi.test",), True),
        ("api.test", ("api.test:443",), False),
        ("api.test", ("api.test:80",), True),
        ("10.1.2.3", ("10.0.0.0/8",), False),
        ("10.1.2.3", ("10.1.2.3",), False),
        ("11.1.2.3", ("10.0.0.0/8",), True),
        ("fd00::1", ("fd00::/8",), False),
        ("localhost", (), False),
        ("127.0.0.2", (), False),
        ("::1", (), False),
    ],
)
def test_which_hosts_are_reached_without(host, bypassed, through):
    proxies = Proxies({"https": PROXY}, bypassed)
    assert proxies.leading_to(Origin("https", host, 443)) == (PROXY if through else None)
    assert proxies.leading_to(Origin("http", host, 443)) is None


@pytest.fixture
def environment(monkeypatch):
    """Sets variables, and clears those of the machine."""
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    return monkeypatch.setenv


def test_proxies_are_read_from_the_environment(environment):
    environment("https_proxy", "http://ada:s%40crt@proxy.test:3128/")
    environment("ALL_PROXY", "other.test")
    environment("NO_PROXY", " corp.test, 10.0.0.0/8 ")
    proxies = proxies_in_environment()
    secure = proxies.leading_to(Origin("https", "api.test", 443))
    assert (secure.origin, secure.authorization) == (
        Origin("http", "proxy.test", 3128),
        "Basic YWRhOnNAY3J0",
    )
    assert "YWRh" not in repr(proxies)
    assert proxies.leading_to(Origin("http", "api.test", 80)).origin.host == "other.test"
    assert proxies.leading_to(Origin("https", "a.corp.test", 443)) is None


@pytest.mark.parametrize("scheme", ["http", "https", "socks5", "socks5h"])
def test_how_a_proxy_is_spoken_to_is_its_scheme(environment, scheme):
    environment("HTTPS_PROXY", f"{scheme}://proxy.test")
    proxy = proxies_in_environment().leading_to(Origin("https", "api.test", 443))
    ports = {"http": 80, "https": 443, "socks5": 1080, "socks5h": 1080}
    assert proxy == Proxy(Origin(scheme, "proxy.test", ports[scheme]))


@pytest.mark.parametrize(
    "url", ["socks4://u:hidden@proxy.test", "https://p:hidden@x:0", "http://", "http://x:y:hidden"]
)
def test_a_proxy_that_cannot_be_used_is_one_clear_error(environment, url):
    environment("HTTPS_PROXY", url)
    with pytest.raises(ValueError, match="HTTPS_PROXY must be like http://") as caught:
        NetworkSettings()
    assert "hidden" not in str(caught.value)


def test_authorities_and_certificates_of_ones_own(environment, tmp_path):
    file = self_signed(tmp_path)
    environment("ARGUSLM_CA_FILE", str(file))
    environment("ARGUSLM_CLIENT_CERT_FILE", str(file))
    settings = NetworkSettings()

    serving = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    serving.load_cert_chain(file)
    serving.verify_mode = ssl.CERT_REQUIRED
    serving.load_verify_locations(file)

    async def main():
        async with await asyncio.start_server(answer, "127.0.0.1", 0, ssl=serving) as server:
            request = WireRequest("POST", f"https://127.0.0.1:{port_of(server)}/", (), b"{}")
            found = []
            bare = Network(tls=ssl.create_default_context(cafile=file))
            for network in (settings.network(), bare):
                wire = Wire(network)
                found.append(await wire.exchange(request, Timeouts(), PROGRESS))
                await wire.close()
        return found

    known, unknown = uvloop.run(main())
    assert (known.failure, known.status) == (None, 200)
    assert unknown.failure in (Outcome.TLS, Outcome.DISCONNECTED)


@pytest.mark.parametrize(
    ("variables", "says"),
    [
        ({"CA_FILE": "/nowhere.pem"}, "/nowhere.pem holds no certificates"),
        ({"CA_FILE": "empty.pem"}, "empty.pem holds no certificates"),
        ({"CLIENT_CERT_FILE": "empty.pem"}, "empty.pem hold no certificate with its key"),
        ({"CLIENT_KEY_FILE": "empty.pem"}, "no ARGUSLM_CLIENT_CERT_FILE"),
    ],
)
def test_files_that_cannot_be_used_are_named(environment, tmp_path, monkeypatch, variables, says):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty.pem").write_text("")
    for name, value in variables.items():
        environment(f"ARGUSLM_{name}", value)
    with pytest.raises(ValueError, match=says):
        NetworkSettings()
