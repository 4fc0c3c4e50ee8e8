"""Webhook and Apprise against real sockets: what arrives, what is refused, what is never said."""

import asyncio
import logging
import socket
import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from apprise import Apprise
from apprise.manager_plugins import NotificationManager
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from webhook_receiver import receiving

from arguslm_alerting.channels.apprise_services import AppriseServices
from arguslm_alerting.channels.notice import Notice, NotTold
from arguslm_alerting.channels.webhook import Webhook
from arguslm_contracts.apprise_schemes import ANY_HOST_SCHEMES, LOCAL_SCHEMES, SCHEMES
from arguslm_contracts.identity import derive
from arguslm_egress.policy import EgressPolicy

NOTICE = Notice(
    about=derive("alert", 1),
    transition="raised",
    severity="critical",
    title="Down: gpt",
    text="gpt at Acme has been down since 2026-11-23 10:00:02 UTC.",
    event_id=f"alert.raised:{derive('alert', 1)}",
    event_type="arguslm.alert.raised.v1",
    time=datetime(2026, 11, 23, 10, 0, 4, tzinfo=UTC),
    alert={"model_name": "gpt", "state": "open"},
)
SECRET = "hunter2planted"


async def test_a_webhook_is_json_with_cloudevents_headers_and_an_idempotency_key() -> None:
    webhook = Webhook(EgressPolicy())
    async with receiving() as receiver:
        await webhook.send(f"{receiver.url}?key={SECRET}", NOTICE)
    await webhook.close()
    (got,) = receiver.requests
    assert got.path == f"/hook?key={SECRET}"
    assert got.body == {"type": "alert.raised", "alert": NOTICE.alert, "text": NOTICE.text}
    assert got.headers["content-type"] == "application/json"
    assert got.headers["host"] == f"127.0.0.1:{receiver.port}"
    assert got.headers["idempotency-key"] == f"{NOTICE.about}.raised"
    assert {name: value for name, value in got.headers.items() if name.startswith("ce-")} == {
        "ce-specversion": "1.0",
        "ce-id": f"alert.raised:{NOTICE.about}",
        "ce-type": "arguslm.alert.raised.v1",
        "ce-source": "/arguslm/alerting",
        "ce-time": "2026-11-23T10:00:04.000000Z",
    }


@pytest.mark.parametrize("status", [200, 201, 299])
async def test_every_2xx_is_success(status: int) -> None:
    webhook = Webhook(EgressPolicy())
    async with receiving(status) as receiver:
        await webhook.send(receiver.url, NOTICE)
    await webhook.close()


@pytest.mark.parametrize("status", [302, 308, 404, 500])
async def test_other_answers_are_failures_and_redirects_are_not_followed(status: int) -> None:
    webhook = Webhook(EgressPolicy())
    async with receiving(status) as receiver:
        with pytest.raises(NotTold, match=f"answered HTTP {status}") as failure:
            await webhook.send(receiver.url, NOTICE)
        assert len(receiver.requests) == 1
    assert not failure.value.final
    await webhook.close()


async def test_a_receiver_that_never_answers_ends_in_time() -> None:
    webhook = Webhook(EgressPolicy(), timeout_s=0.2)
    async with receiving(0) as receiver:
        with pytest.raises(NotTold, match=r"no answer within 0\.2 s"):
            await webhook.send(receiver.url, NOTICE)
    await webhook.close()


async def test_a_name_is_resolved_once_and_still_named_to_the_receiver() -> None:
    """`localhost` may stand for ::1 too, where nobody listens: the other address is tried."""
    webhook = Webhook(EgressPolicy())
    async with receiving() as receiver:
        await webhook.send(f"http://localhost:{receiver.port}/hook", NOTICE)
        assert receiver.requests[0].headers["host"] == f"localhost:{receiver.port}"
    await webhook.close()


@pytest.mark.parametrize(
    "address",
    [
        "http://169.254.169.254/latest/meta-data",
        "http://[fe80::1]/",
        "http://[::ffff:169.254.169.254]/",
        "http://[64:ff9b::a9fe:a9fe]/",
        "http://2852039166/",
        "http://100.100.100.200/",
        "http://[fd00:ec2::254]/",
        "http://metadata.google.internal/",
        "http://224.0.0.1/",
        "http://0.0.0.0/",
        "ftp://example.org/",
        "http://",
        "no address",
    ],
)
async def test_addresses_that_hand_out_credentials_are_refused_for_good(address: str) -> None:
    webhook = Webhook(EgressPolicy())
    with pytest.raises(NotTold) as failure:
        await webhook.send(address, NOTICE)
    assert failure.value.final
    await webhook.close()


async def test_private_addresses_are_refused_where_the_setting_says_so() -> None:
    webhook = Webhook(EgressPolicy(allow_private=False))
    async with receiving() as receiver:
        with pytest.raises(NotTold, match="private address"):
            await webhook.send(receiver.url, NOTICE)
        assert receiver.requests == []
    await webhook.close()


async def test_proxies_of_the_environment_are_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:1")
    webhook = Webhook(EgressPolicy())
    async with receiving() as receiver:
        await webhook.send(receiver.url, NOTICE)
    await webhook.close()


def certificate_for(name: str, directory: Path) -> tuple[ssl.SSLContext, Path]:
    """A server's TLS context for a name, and the file of the certificate that signs itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    chain, secret = directory / f"{name}.pem", directory / f"{name}.key"
    chain.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    secret.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(chain, secret)
    return context, chain


async def test_tls_is_verified_against_the_name_although_its_address_is_connected(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    right, right_file = certificate_for("localhost", tmp_path)
    wrong, wrong_file = certificate_for("elsewhere", tmp_path)
    both = tmp_path / "both.pem"
    both.write_text(right_file.read_text() + wrong_file.read_text())
    monkeypatch.setenv("SSL_CERT_FILE", str(both))
    webhook = Webhook(EgressPolicy())
    async with receiving(tls=right) as receiver:
        await webhook.send(f"https://localhost:{receiver.port}/hook", NOTICE)
    async with receiving(tls=wrong) as receiver:
        with pytest.raises(NotTold, match="no connection"):
            await webhook.send(f"https://localhost:{receiver.port}/hook", NOTICE)
    await webhook.close()


async def test_apprise_delivers_title_and_text() -> None:
    services = AppriseServices(EgressPolicy())
    async with receiving() as receiver:
        await services.send(f"json://127.0.0.1:{receiver.port}/{SECRET}", NOTICE)
    (got,) = receiver.requests
    assert got.path == f"/{SECRET}"
    assert (got.body["title"], got.body["message"]) == ("ArgusLM: Down: gpt", NOTICE.text)
    assert got.body["type"] == "failure"


async def test_services_that_hang_delay_no_other() -> None:
    services = AppriseServices(EgressPolicy())
    async with receiving(*[0] * 40) as hanging, receiving() as well:
        dead = f"json://127.0.0.1:{hanging.port}/?rto=9"  # seconds until Apprise gives up
        waiting = [asyncio.create_task(services.send(dead, NOTICE)) for _ in range(40)]
        await hanging.until(lambda: len(hanging.requests) == 40)
        await services.send(f"json://127.0.0.1:{well.port}/", NOTICE)
        assert not any(task.done() for task in waiting)
        for task in waiting:
            task.cancel()
    services.close()


async def test_apprise_failures_and_refusals_name_no_address(
    caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    services = AppriseServices(EgressPolicy())
    async with receiving(500, 302) as receiver:
        for _ in range(2):
            with pytest.raises(NotTold, match="did not take") as failure:
                await services.send(f"json://user:{SECRET}@127.0.0.1:{receiver.port}/", NOTICE)
            assert not failure.value.final
        assert len(receiver.requests) == 2
    for address in (
        f"syslog://{SECRET}",
        f"nonsense://{SECRET}",
        f"no address at all {SECRET}",
        f"json://169.254.169.254/{SECRET}",
        f"tgram://{SECRET}/",
    ):
        with pytest.raises(NotTold) as failure:
            await services.send(address, NOTICE)
        assert failure.value.final
        assert SECRET not in str(failure.value)
    written = capfd.readouterr()
    assert SECRET not in caplog.text + written.out + written.err


async def test_a_service_that_breaks_says_how_and_names_no_address(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def broken(*_: object, **__: object) -> bool:
        raise KeyError(SECRET)

    services = AppriseServices(EgressPolicy())
    monkeypatch.setattr(type(Apprise.instantiate(f"json://127.0.0.1/{SECRET}")), "send", broken)
    with pytest.raises(NotTold, match=r"did not take the message \(KeyError\)$") as failure:
        await services.send(f"json://127.0.0.1/{SECRET}", NOTICE)
    assert not failure.value.final


async def test_a_webhook_names_no_address_in_logs_or_errors(
    caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    webhook = Webhook(EgressPolicy())
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        with pytest.raises(NotTold, match="no connection") as failure:
            await webhook.send(f"http://127.0.0.1:{port}/{SECRET}", NOTICE)
    assert str(port) not in str(failure.value)
    async with receiving() as receiver:
        await webhook.send(f"{receiver.url}?key={SECRET}", NOTICE)
    await webhook.close()
    written = capfd.readouterr()
    assert SECRET not in caplog.text + written.out + written.err


def test_every_service_that_acts_on_this_machine_is_refused() -> None:
    manager = NotificationManager()
    local_plugins = {"blink1", "dbus", "glib", "gnome", "macosx", "syslog", "vapid", "windows"}
    found = {
        scheme
        for scheme in manager.schemas()
        if manager[scheme].__module__.rsplit(".", 1)[-1] in local_plugins
    }
    assert found == LOCAL_SCHEMES


def test_every_service_that_the_door_lets_through_is_served() -> None:
    manager = NotificationManager()
    assert {
        scheme for scheme in SCHEMES if scheme in manager and manager[scheme].enabled
    } == SCHEMES
    assert SCHEMES.isdisjoint(LOCAL_SCHEMES)
    assert SCHEMES > ANY_HOST_SCHEMES
