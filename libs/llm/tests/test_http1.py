"""HTTP/1.1 read in any pieces, and nothing accepted that is not HTTP/1.1."""

import gzip
import zlib
from importlib.metadata import version

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


def read(data, cuts=(), **limits):
    parser = ResponseParser(**limits)
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


HELLO = b"hello, hello, hello"
OK = b"HTTP/1.1 200 OK\r\n"
RAW_DEFLATE = zlib.compress(HELLO, wbits=-15)


def sized(coding, body):
    return OK + b"Content-Encoding: %b\r\nContent-Length: %d\r\n\r\n%b" % (coding, len(body), body)


@pytest.mark.parametrize(
    ("data", "body", "reusable"),
    [
        (CHUNKED, b"hello 0123456789", True),
        (SIZED, b"hello", True),
        (OK + b"Transfer-Encoding: Chunked\r\n\r\n00\r\nA: b\r\nC: d\r\n\r\n", b"", True),
        (OK + b'Transfer-Encoding: chunked\r\n\r\n2 ;a=b;c="d"\r\nhi\r\n0;x\r\n\r\n', b"hi", True),
        (b"HTTP/1.1 100 \r\n\r\nHTTP/1.1 103 Hints\r\nLink: x\r\n\r\n" + SIZED, b"hello", True),
        (b"HTTP/1.1 204 None\r\n\r\n", b"", True),
        (b"HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\nx", b"x", False),
        (OK + b"Content-Length: 2, 2\r\n\r\nhi", b"hi", True),
        (
            OK + b"Content-Length: 9\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n",
            b"x",
            False,
        ),
        (sized(b"gzip", gzip.compress(HELLO, mtime=0)), HELLO, True),
        (
            sized(b"GZIP", gzip.compress(b"hello, ", mtime=0) + gzip.compress(HELLO[7:], mtime=0)),
            HELLO,
            True,
        ),
        (sized(b"deflate", zlib.compress(HELLO)), HELLO, True),
        (sized(b"deflate", RAW_DEFLATE), HELLO, True),
        (sized(b"br", b"as it is"), b"as it is", True),
    ],
)
def test_cut_at_every_byte_it_stays_the_same(data, body, reusable):
    for cuts in ([], *([cut] for cut in range(len(data))), range(len(data))):
        parser, found = read(data, cuts)
        assert (found, parser.complete, parser.reusable) == (body, True, reusable)


def test_a_compressed_token_is_there_with_the_piece_that_completes_it():
    packer = zlib.compressobj(wbits=31)
    parser = ResponseParser()
    parser.feed(OK + b"Content-Encoding: gzip\r\n\r\n")
    for token in (b"data: one\n\n", b"data: two\n\n"):
        assert parser.feed(packer.compress(token) + packer.flush(zlib.Z_SYNC_FLUSH)) == token


@pytest.mark.parametrize(
    "body", [gzip.compress(b"0" * 10_000_000, mtime=0), gzip.compress(b"0" * 500, mtime=0) * 300]
)
def test_a_compressed_body_has_the_same_limit(body):
    with pytest.raises(ProtocolError, match="longer than 100000"):
        read(sized(b"gzip", body), max_body_bytes=100_000)


@pytest.mark.parametrize("coding", [b"gzip", b"deflate"])
def test_broken_compression_is_refused(coding):
    with pytest.raises(ProtocolError, match="compression"):
        read(sized(coding, b"\xff\xff no such thing"))


@given(
    head=st.lists(
        st.sampled_from(
            [
                b"Content-Length: ",
                b"Transfer-Encoding: chunked",
                b"Content-Encoding: deflate",
                b"9" * 5000,
                b"\r\n",
                b"\r\n\r\n",
                b": ",
                b"\xb2",
                b"HTTP/1.1 103 X\r\n\r\n",
                b"7",
            ]
        ),
        max_size=12,
    ),
    cuts=st.lists(st.integers(0, 200), max_size=4),
)
def test_no_head_raises_anything_else(head, cuts):
    data = OK + b"".join(head)
    try:
        parser, _ = read(data, [cut for cut in cuts if cut <= len(data)])
        parser.feed_eof()
    except ProtocolError:
        return


def test_requests_as_bytes():
    request = WireRequest(
        "POST",
        "https://api.test/v1/chat?x=1",
        (
            ("Authorization", "Bearer k"),
            ("accept-encoding", "gzip"),
            ("host", "evil"),
            ("user-agent", "somebody/1"),
        ),
        b"{}",
    )
    assert request.encoded() == (
        b"POST /v1/chat?x=1 HTTP/1.1\r\nHost: api.test\r\nAuthorization: Bearer k\r\n"
        b"User-Agent: ArgusLM/%b\r\nAccept-Encoding: identity\r\nConnection: keep-alive\r\n"
        b"Content-Length: 2\r\n\r\n{}" % version("arguslm-llm").encode()
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
