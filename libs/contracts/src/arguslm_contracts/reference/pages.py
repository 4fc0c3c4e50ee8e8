"""The pages: a diagram and a table of who says what to whom, and a section for each event."""

from collections.abc import Iterator

from pydantic import BaseModel

from arguslm_contracts.catalogue import EVENTS, RESERVED
from arguslm_contracts.events.base import Event
from arguslm_contracts.permissions import SERVICES, publishers_of, readers_of
from arguslm_contracts.reference.fields import all_shapes, fields_of
from arguslm_contracts.reference.subject_templates import sample_name, subject_template
from arguslm_contracts.streams import DEAD_LETTERS, FOREVER, STREAMS, StreamSpec
from arguslm_contracts.subjects import stream_of

_SAMPLES = "../libs/contracts/src/arguslm_contracts/samples"


def architecture() -> str:
    """Diagram and table of every subject."""
    return "\n".join([*_diagram(), "", *_subjects(), "", *_streams()])


def events() -> str:
    """Every event, stream by stream, and the shapes they share."""
    parts: list[str] = []
    for stream in STREAMS:
        kinds = _events_of(stream)
        if kinds:
            parts += [f"## {stream.name}", "", _sentence(stream.purpose), ""]
        for kind in kinds:
            parts += _event(kind)
    parts += ["## Shapes", "", "Records inside events.", ""]
    for name, shape in sorted(all_shapes(EVENTS).items()):
        parts += [f"### {name}", "", _doc(shape), "", *_fields(shape), ""]
    return "\n".join(parts).rstrip()


def _diagram() -> Iterator[str]:
    yield "```mermaid"
    yield "flowchart LR"
    drawn = [stream for stream in STREAMS if _events_of(stream)]
    for stream in drawn:
        yield f"    {stream.name}[({stream.name})]"
    for user in SERVICES:
        yield f'    {_node(user.name)}["{user.name}"]'
    for user in SERVICES:
        for stream in drawn:
            said = [
                kind.name for kind in _events_of(stream) if user.name in publishers_of(kind.name)
            ]
            if said:
                yield f'    {_node(user.name)} -- "{_label(said)}" --> {stream.name}'
    for stream in drawn:
        for reader in readers_of(stream):
            yield f"    {stream.name} -.-> {_node(reader)}"
    yield "```"


def _node(service: str) -> str:
    """An identifier that no dialect of the diagram misreads."""
    return service.replace("-", "_")


def _label(names: list[str]) -> str:
    """What a service says; `noun.*` where it says all there is to say of a noun."""
    lines: dict[str, None] = {}
    for name in names:
        noun = name.split(".")[0]
        every = {kind.name for kind in EVENTS if kind.name.split(".")[0] == noun}
        lines[f"{noun}.*" if len(every) > 1 and every <= set(names) else name] = None
    return "<br/>".join(lines)


def _subjects() -> Iterator[str]:
    yield "| subject | stream | published by | may be read by |"
    yield "|---|---|---|---|"
    for stream in STREAMS:
        for kind in _events_of(stream):
            yield (
                f"| [`{subject_template(kind)}`](events.md#{_anchor(kind.name)}) "
                f"| {stream.name} | {', '.join(publishers_of(kind.name))} "
                f"| {', '.join(readers_of(stream))} |"
            )
    for noun, meaning in RESERVED.items():
        stream = stream_of(f"{noun}.happened.1")
        yield f"| `{noun}.>` | {stream.name} | nobody yet (reserved: {meaning}) | |"
    readers = ", ".join(readers_of(DEAD_LETTERS))
    yield f"| `dead.<service>.<stream>.<sequence>` | DEAD_LETTERS | each its own | {readers} |"


def _streams() -> Iterator[str]:
    yield "| stream | holds | kept |"
    yield "|---|---|---|"
    for stream in STREAMS:
        yield f"| {stream.name} | {stream.purpose} | {_kept(stream)} |"


def _kept(stream: StreamSpec) -> str:
    if stream.max_age == FOREVER:
        return "for ever"
    days = "1 day" if stream.max_age.days == 1 else f"{stream.max_age.days} days"
    return f"`{stream.ages}` {days}, the rest for ever" if stream.ages else days


def _event(kind: type[Event]) -> Iterator[str]:
    stream = stream_of(f"{kind.name}.x")
    yield f"### {kind.name}"
    yield ""
    yield _doc(kind)
    yield ""
    yield f"- subject: `{subject_template(kind)}`, in {stream.name}"
    yield f"- type: `{kind.event_type()}` ([example]({_SAMPLES}/{sample_name(kind)}))"
    yield f"- published by: {', '.join(publishers_of(kind.name))}"
    yield f"- may be read by: {', '.join(readers_of(stream))}"
    if kind.once:
        yield "- once: its subject holds one message only; the stream refuses a twin"
    yield ""
    yield from _fields(kind)
    yield ""


def _fields(record: type[BaseModel]) -> Iterator[str]:
    rows = [
        (f"`{field.name}`", field.says, field.unit, field.default, field.meaning)
        for field in fields_of(record)
    ]
    header = ["field", "type", "unit", "default"]
    # The last column only where something stands in it.
    width = 5 if any(row[4] for row in rows) else 4
    yield "| " + " | ".join([*header, "meaning"][:width]) + " |"
    yield "|" + "---|" * width
    for row in rows:
        yield "| " + " | ".join(row[:width]) + " |"


def _events_of(stream: StreamSpec) -> list[type[Event]]:
    return [kind for kind in EVENTS if stream_of(f"{kind.name}.x") is stream]


def _doc(record: type[BaseModel]) -> str:
    text = record.__dict__.get("__doc__") or ""
    return " ".join(text.split())


def _sentence(text: str) -> str:
    return text[0].upper() + text[1:] + "."


def _anchor(heading: str) -> str:
    """As GitHub makes it of a heading."""
    return "".join(c for c in heading.lower() if c.isalnum() or c in "-_ ").replace(" ", "-")
