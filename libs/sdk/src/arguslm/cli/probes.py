"""`arguslm probes`"""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from arguslm.cli.assertion_text import FORMS, assertion_of, schema_in, text_of
from arguslm.cli.connect import Json, connected
from arguslm.cli.duration import duration_s
from arguslm.cli.lookup import find_model, find_probe, find_provider, scope_label
from arguslm.cli.output import print_facts, print_json, print_table, say, short

if TYPE_CHECKING:
    from arguslm.client import ArgusLMClient
    from arguslm.schemas import ProbeResponse

app = typer.Typer(
    help="What else is asked of watched models: canaries, JSON, tools, vectors, speed.",
    no_args_is_help=True,
)

KINDS = "throughput, canary, json_mode, json_schema, tool_call, embedding or long_context"

Probe = Annotated[str, typer.Argument(metavar="PROBE", help="Its name or id.")]
Every = Annotated[str | None, typer.Option("--every", help="How often: 30s, 5m, 6h; at least 10s.")]
Cron = Annotated[str | None, typer.Option(help="Or when, in UTC: 'minute hour day month weekday'.")]
Prompt = Annotated[str | None, typer.Option(help="Your own; else the kind's.")]
MaxTokens = Annotated[int | None, typer.Option("--max-tokens", help="How long an answer may be.")]
Words = Annotated[
    int | None, typer.Option("--context-words", help="Of long_context: 2,000 when not given.")
]
Schema = Annotated[
    Path | None, typer.Option(help="Of json_schema: a file with the schema to send.")
]
FailUnless = Annotated[
    list[str] | None, typer.Option("--fail-unless", help=f"Asserted of the answer: {FORMS}.")
]
WarnUnless = Annotated[
    list[str] | None, typer.Option("--warn-unless", help="The same, at the level of a warning.")
]
Level = Annotated[
    str | None,
    typer.Option("--finding-level", help="Of what the kind itself finds: fail (default) or warn."),
]


@app.command("list")
@connected
def list_(client: "ArgusLMClient", as_json: Json = False) -> None:
    """All probes."""
    found = client.list_probes().items
    if as_json:
        return print_json(found)
    return print_table(
        ("=ID", "NAME", "=KIND", "OF", "WHEN", "ASSERTS", "=ON"),
        (
            (
                short(one.id),
                one.name,
                one.kind.value,
                scope_label(client, one.provider_id, one.model_id, "all watched models"),
                _when(one),
                ", ".join(map(text_of, one.assertions)) or "-",
                "yes" if one.enabled else "no",
            )
            for one in found
        ),
        empty="no probes yet, models are asked whether they live: arguslm probes add --help",
    )


@app.command()
@connected
def show(client: "ArgusLMClient", probe: Probe, as_json: Json = False) -> None:
    """One probe, and where its findings are."""
    found = find_probe(client, probe)
    if as_json:
        return print_json(found)
    return print_facts(
        (
            ("probe", f"{found.name} ({found.id})"),
            ("kind", found.kind.value),
            ("of", scope_label(client, found.provider_id, found.model_id, "all watched models")),
            ("when", _when(found)),
            ("prompt", found.prompt or "the kind's own"),
            ("asserts", ", ".join(map(text_of, found.assertions)) or "what the kind is about"),
            ("on", "yes" if found.enabled else "no"),
            ("its checks", f"arguslm checks list --kind {found.kind.value}"),
        )
    )


@app.command()
@connected
def add(
    client: "ArgusLMClient",
    name: Annotated[str, typer.Option(help="What you call it.")],
    kind: Annotated[str, typer.Option(help=f"{KINDS}.")],
    every: Every = None,
    cron: Cron = None,
    provider: Annotated[str | None, typer.Option(help="Only this provider's models.")] = None,
    model: Annotated[str | None, typer.Option(help="Only this model.")] = None,
    prompt: Prompt = None,
    max_tokens: MaxTokens = None,
    context_words: Words = None,
    schema: Schema = None,
    fail_unless: FailUnless = None,
    warn_unless: WarnUnless = None,
    finding_level: Level = None,
    as_json: Json = False,
) -> None:
    """Add a probe: of all watched models, or of those of a provider, or of one."""
    from arguslm.call import checked
    from arguslm.schemas import ProbeCreate

    wanted = checked(
        ProbeCreate,
        name=name,
        kind=kind,
        provider_id=find_provider(client, provider).id if provider else None,
        model_id=find_model(client, model).id if model else None,
        interval_s=duration_s(every) if every else None,
        cron=cron,
        prompt=prompt,
        max_tokens=max_tokens,
        context_words=context_words,
        answer_schema=schema_in(schema) if schema else None,
        assertions=_assertions(fail_unless, warn_unless),
        finding_level=finding_level or "fail",
    )
    created = client.create_probe(wanted)
    if as_json:
        return print_json(created)
    return say(f"added {created.name} ({created.id}): {_when(created)}")


@app.command()
@connected
def edit(
    client: "ArgusLMClient",
    probe: Probe,
    name: Annotated[str | None, typer.Option(help="A new name.")] = None,
    every: Every = None,
    cron: Cron = None,
    prompt: Prompt = None,
    max_tokens: MaxTokens = None,
    context_words: Words = None,
    schema: Schema = None,
    fail_unless: FailUnless = None,
    warn_unless: WarnUnless = None,
    no_assertions: Annotated[
        bool, typer.Option("--no-assertions", help="Assert nothing any more.")
    ] = False,
    finding_level: Level = None,
    on: Annotated[bool | None, typer.Option("--on/--off", help="Ask it, or do not.")] = None,
) -> None:
    """Change only what is given; assertions are replaced as a whole."""
    from arguslm.call import checked
    from arguslm.schemas import ProbeUpdate

    given: dict[str, Any] = {
        "name": name,
        "interval_s": duration_s(every) if every else None,
        "cron": cron,
        "prompt": prompt,
        "max_tokens": max_tokens,
        "context_words": context_words,
        "answer_schema": schema_in(schema) if schema else None,
        "finding_level": finding_level,
        "enabled": on,
        "assertions": _assertions(fail_unless, warn_unless) or ([] if no_assertions else None),
    }
    changes = {key: value for key, value in given.items() if value is not None}
    if not changes:
        raise typer.BadParameter("nothing to change was given")
    changed = client.update_probe(find_probe(client, probe).id, checked(ProbeUpdate, **changes))
    off = "" if changed.enabled else ", off"
    say(f"{changed.name}: {changed.kind.value}, {_when(changed)}{off}")


@app.command()
@connected
def remove(
    client: "ArgusLMClient",
    probe: Probe,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
) -> None:
    """Remove a probe; what it has found stays."""
    found = find_probe(client, probe)
    if not yes:
        typer.confirm(f"Remove the probe {found.name}?", abort=True, err=True)
    client.delete_probe(found.id)
    say(f"removed {found.name}")


def _assertions(
    fail_unless: list[str] | None, warn_unless: list[str] | None
) -> list[dict[str, Any]]:
    return [
        *(assertion_of(text, "fail") for text in fail_unless or ()),
        *(assertion_of(text, "warn") for text in warn_unless or ()),
    ]


def _when(probe: "ProbeResponse") -> str:
    return f"every {probe.interval_s} s" if probe.interval_s else f"at {probe.cron} (UTC)"
