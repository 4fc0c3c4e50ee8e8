"""HTTP/1.1 read in any pieces, and nothing accepted that is not HTTP/1.1."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arguslm_llm.http1 import Origin, ProtocolError, ResponseParser, WireRequest, origin_of

CHUNKED = (
    b"HTTP/1.1 100 Continue\r\n\r\n"
    b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nX-A: 1\r\nX-A: 2\r\n"
    b"Transfer-Encoding: chunked\r\n\r\n"
    b"5\r\nhello\r\n1;ext=1\r\n \r\nA\r\n0123456789\r\n0\r\nTrailer: t\r\n\r\n"
)
SIZED = b"HTTP/1.1 429 Too Many\r\nContent-Length: 5\r\n\r\nhello"


def read(data, cuts=()):
    parser = ResponseParser()
    body, at = b"", 0
    for cut in [*sorted(cuts), len(data)]:
        body += parser.feed(data[at:cut])
        at = cut
    return parser, body


@given(cuts=st.lists(st.integers(0, len(CHUNKED)), max_size=8))
def test_chunks_in_any_pieces(cuts):
    parser, body = read(CHUNKED, cuts)
    assert body == b"hello 0123456789"
    assert parser.complete
    assert parser.reusable
    assert parser.status == 200
    assert parser.headers["x-a"] == "1, 2"


@given(cuts=st.lists(st.integers(0, len(SIZED)), max_size=8))
def test_a_body_of_known_length_in_any_pieces(cuts):
    parser, body = read(SIZED, cuts)
    assert (parser.status, body, parser.complete, parser.reusable) == (429, b"hello", True, True)


def test_a_body_that_ends_with_the_connection():
    parser, body = read(b"HTTP/1.1 200 OK\r\n\r\nsome")
    assert body == b"some"
    assert not parser.complete
    parser.feed_eof()
    assert parser.complete
    assert not parser.reusable


@pytest.mark.parametrize(
    "data",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
        b"HTTP/1.1 200 OK\r\nContent",
    ],
)
def test_cut_off_is_not_complete(data):
    parser, _ = read(data)
    parser.feed_eof()
    assert not parser.complete


@pytest.mark.parametrize("wish", [b"Connection: close\r\n", b"Connection: Keep-Alive, Close\r\n"])
def test_a_wish_to_close_is_respected(wish):
    parser, _ = read(b"HTTP/1.1 200 OK\r\n" + wish + b"Content-Length: 0\r\n\r\n")
    assert parser.complete
    assert not parser.reusable


def test_bytes_after_the_end_spoil_the_connection():
    parser, body = read(SIZED + b"HTTP/1.1 200 OK")
    assert body == b"hello"
    assert not parser.reusable


@pytest.mark.parametrize(
    "data",
    [
        b"SSH-2.0-OpenSSH\r\n",
        b"HTTP/2 200\r\n\r\n",
        b"HTTP/1.1 abc\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1, 2\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0x5\r\nhello\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-5\r\nhello\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhello\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + b"1" * 2000,
        b"HTTP/1.1 200 OK\r\nA: " + b"b" * 70_000,
    ],
)
def test_what_is_not_http_is_refused(data):
    with pytest.raises(ProtocolError):
        read(data)


def test_a_body_has_a_limit():
    parser = ResponseParser(max_body_bytes=4)
    with pytest.raises(ProtocolError):
        parser.feed(SIZED)


@given(data=st.binary(max_size=300))
def test_no_bytes_raise_anything_else(data):
    parser = ResponseParser()
    try:
        parser.feed(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + data)
        parser.feed_eof()
    except ProtocolError:
        return


def test_requests_as_bytes():
    request = WireRequest(
        "POST",
        "https://api.test/v1/chat?x=1",
        (("Authorization", "Bearer k"), ("accept-encoding", "gzip"), ("host", "evil")),
        b"{}",
    )
    assert request.encoded() == (
        b"POST /v1/chat?x=1 HTTP/1.1\r\nHost: api.test\r\nAuthorization: Bearer k\r\n"
        b"Accept-Encoding: identity\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\n{}"
    )
    assert "Bearer" not in repr(request)


@pytest.mark.parametrize("value", ["a\r\nX: 1", "caf\u20ac"])
def test_a_header_cannot_smuggle(value):
    with pytest.raises(ProtocolError):
        WireRequest("GET", "http://a/", (("X-Key", value),)).encoded()


def test_origins():
    assert origin_of("https://a.test/x") == Origin("https", "a.test", 443)
    assert origin_of("http://[::1]:8080") == Origin("http", "::1", 8080)
    for wrong in ("ftp://a", "http://", "nothing", "http://a:99999", "http://[::1"):
        with pytest.raises(ProtocolError):
            origin_of(wrong)
