"""No key survives, in whatever form it comes back."""

import base64
import json
from urllib.parse import quote

import pytest

from arguslm_llm.redaction import REMOVED, Redactor

SECRET = 'plain"secret/with+odd=signs'


@pytest.mark.parametrize(
    "form",
    [
        SECRET,
        quote(SECRET, safe=""),
        base64.b64encode(SECRET.encode()).decode(),
        SECRET.replace('"', '\\"'),
    ],
)
def test_a_known_secret_is_removed_in_every_form(form):
    cleaned = Redactor([SECRET]).clean(f"before {form} after", limit=500)
    assert form not in cleaned
    assert cleaned.startswith("before ")
    assert cleaned.endswith(" after")


@pytest.mark.parametrize(
    "looks_secret",
    [
        "sk-proj-abcdefghijklmnop",
        "sk-ant-api03-abcdefghijkl",
        "sk-plan**********2e7a",
        "AIzaSyA1234567890abcdefghij",
        "AKIAIOSFODNN7EXAMPLE",
        "gsk_abcdefghijklmnop",
        "hf_abcdefghijklmnop",
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abc",
        "0123456789abcdef0123456789abcdef",
    ],
)
def test_what_looks_like_a_key_is_removed_whoever_it_belongs_to(looks_secret):
    assert Redactor([]).clean(f"got {looks_secret} here", limit=500) == f"got {REMOVED} here"


def test_keys_in_headers_and_addresses():
    clean = Redactor([]).clean
    assert "abcdef123" not in clean("Authorization: Bearer abcdef123456", limit=500)
    assert "hunter2" not in clean("http://user:hunter2@host/", limit=500)
    assert "abcdef123" not in clean("https://x/?key=abcdef123456&a=1", limit=500)


def test_ordinary_words_stay():
    text = "The model `gpt-4.1` does not exist or you do not have access to it. Task-based limits."
    assert Redactor(["a-real-key"]).clean(text, limit=500) == text


def test_cutting_comes_after_removing():
    """Half a key would not be recognised."""
    cleaned = Redactor(["secret-value-1234"]).clean("x" * 10 + "secret-value-1234", limit=20)
    assert "secret" not in cleaned
    assert len(cleaned) <= 20


def test_ids_lose_known_secrets_only():
    redactor = Redactor(["secret-value-1234"])
    request_id = "0123456789abcdef0123456789abcdef"
    assert redactor.clean_id(request_id, limit=100) == request_id
    assert redactor.clean_id("id-secret-value-1234", limit=100) == f"id-{REMOVED}"


def test_the_private_key_of_a_key_file_is_removed_by_itself_too():
    pem = "-----BEGIN PRIVATE KEY-----\nabcdef\n-----END PRIVATE KEY-----\n"
    redactor = Redactor([json.dumps({"type": "service_account", "private_key": pem})])
    for form in (pem, json.dumps(pem)):
        assert "abcdef" not in redactor.clean(f"bad key {form}", limit=500)


def test_a_secret_too_short_to_be_one_does_not_black_out_the_text():
    assert Redactor(["a", "  b  ", ""]).clean("a bad banana", limit=500) == "a bad banana"


def test_text_that_cannot_be_stored_is_made_storable() -> None:
    cleaned = Redactor([]).clean("a\x00b\ud800c", limit=50)
    assert cleaned == "a\N{REPLACEMENT CHARACTER}b\N{REPLACEMENT CHARACTER}c"


@pytest.mark.timeout(10)
@pytest.mark.parametrize(
    "piece", ["x", "漢", "eyJ-", "a**", "://a:b", "sk-", "key=", "*", "-.", "aF0"]
)
def test_a_long_text_of_anything_is_looked_at_once(piece: str) -> None:
    """Of the length of the text, not of its square: it once held up all checks for hours."""
    cleaned = Redactor(["a-real-key"]).clean(piece * (50_000 // len(piece)), limit=500)
    assert len(cleaned) <= 500


def test_a_long_known_secret_is_removed_where_the_text_is_cut() -> None:
    secret = "k1" * 10_000
    cleaned = Redactor([secret]).clean("." * 490 + secret + " end", limit=500)
    assert "k1" not in cleaned


def test_half_a_key_does_not_move_into_sight_when_others_are_removed() -> None:
    keys = [f"sk-{'a' * 1_000}{number}" for number in range(8)]
    text = " ".join(keys) + " sk-" + "b" * 3_000
    assert "b" not in Redactor([]).clean(text, limit=500)
