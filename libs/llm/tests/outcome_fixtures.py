"""What providers send, and the outcome it shows: fixtures/outcomes, one file per provider.

A file names its provider type, the address that was asked, how its streams are framed, and the
classes that this provider shows to nobody (`unseen`), with the reason. A case says where its form
is from: the name of the vendor's page, or "seen" where vendors send what no page tells, as people
who got it have shown it. Ids, names and keys are made up.

fixtures/refusals.json holds single refusals of these vendors and of many others, by provider type,
as their pages word them and people have shown them.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from event_stream import message

FIXTURES = Path(__file__).parent / "fixtures" / "outcomes"


@dataclass(frozen=True)
class Case:
    provider_type: str
    endpoint: str
    shows: str
    status: int
    headers: dict[str, str]
    body: bytes


def load() -> dict[str, dict[str, Any]]:
    return {path.stem: json.loads(path.read_text()) for path in sorted(FIXTURES.glob("*.json"))}


def refusals() -> dict[str, list[dict[str, Any]]]:
    document: dict[str, list[dict[str, Any]]] = json.loads(
        (FIXTURES.parent / "refusals.json").read_text()
    )
    return document


def cases() -> dict[str, Case]:
    """Every case by a name that tells it apart."""
    return {
        f"{name}-{number}-{case['shows']}": Case(
            provider_type=file["provider_type"],
            endpoint=file["endpoint"],
            shows=case["shows"],
            status=case["status"],
            headers=case.get("headers", {}),
            body=_body(case, file["frames"]),
        )
        for name, file in load().items()
        for number, case in enumerate(file["cases"])
    }


def _body(case: dict[str, Any], framing: str) -> bytes:
    if "frames" in case:
        return b"".join(_FRAMINGS[framing](frame) for frame in case["frames"])
    body = case["body"]
    return body.encode() if isinstance(body, str) else json.dumps(body).encode()


def _sse(frame: Any) -> bytes:
    if isinstance(frame, str):
        line = frame if frame.startswith(":") else f"data: {frame}"
        return f"{line}\n\n".encode()
    event = f"event: {frame['type']}\n" if isinstance(frame.get("type"), str) else ""
    return f"{event}data: {json.dumps(frame)}\n\n".encode()


def _line(frame: Any) -> bytes:
    return json.dumps(frame).encode() + b"\n"


def _event_stream(frame: Any) -> bytes:
    headers = {name: value for name, value in frame.items() if name != "payload"}
    kind = "exception" if ":exception-type" in headers else "event"
    return message({**headers, ":message-type": kind}, frame["payload"])


_FRAMINGS = {"sse": _sse, "lines": _line, "event_stream": _event_stream}
