"""Record an example of each event version under `samples/`: once, and then for ever.

    python libs/contracts/tests/record_samples.py

An existing file is never touched: it stands for messages that lie in somebody's streams; only where
events move to another stream does its `stream` follow. After a new event or a new version, run this
and commit the new files beside the old ones. What readers make of an example is recorded too, under
`tests/meanings/`: only for an older version that has got a new upcaster is that file removed and
recorded anew.
"""

import json
import sys
from datetime import UTC, datetime
from pathlib import Path

from event_examples import EXAMPLES
from meanings import MEANINGS, meaning_of, path_of

import arguslm_contracts
from arguslm_contracts.envelope import Cause, encode
from arguslm_contracts.events.base import Event
from arguslm_contracts.permissions import publishers_of
from arguslm_contracts.subjects import stream_of

SAMPLES = Path(arguslm_contracts.__file__).parent / "samples"
RECORDED_AT = datetime(2026, 11, 23, 9, 30, 1, 42, tzinfo=UTC)
CAUSE = Cause("clock.ticked:1795426200", "CLOCK", 86_400)
TRACEPARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


def sample(event: Event) -> dict[str, object]:
    """What a subscriber finds in the stream: subject, headers and data."""
    headers, body = encode(
        event,
        source=publishers_of(event.name)[0],
        time=RECORDED_AT,
        cause=CAUSE,
        traceparent=TRACEPARENT,
    )
    return {
        "stream": stream_of(event.subject).name,
        "subject": event.subject,
        "headers": headers,
        "data": json.loads(body),
    }


def main() -> None:
    SAMPLES.mkdir(exist_ok=True)
    for event in EXAMPLES:
        path = SAMPLES / f"{event.event_type()}.json"
        if not path.exists():
            path.write_text(json.dumps(sample(event), indent=2, ensure_ascii=False) + "\n")
            sys.stdout.write(f"recorded {path.name}\n")
    MEANINGS.mkdir(exist_ok=True)
    for path in sorted(SAMPLES.glob("*.json")):
        kept = path_of(path.stem)
        if not kept.exists():
            meaning = meaning_of(json.loads(path.read_text()))
            kept.write_text(json.dumps(meaning, indent=2, ensure_ascii=False) + "\n")
            sys.stdout.write(f"recorded what {path.name} means\n")


if __name__ == "__main__":
    main()
