"""`arguslm monitoring`"""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from arguslm.cli.connect import Json, connected
from arguslm.cli.duration import check_interval_s
from arguslm.cli.lookup import find_models
from arguslm.cli.output import print_facts, print_json, print_table, say

if TYPE_CHECKING:
    from arguslm.client import ArgusLMClient

app = typer.Typer(help="How and how often everything is checked.", no_args_is_help=True)


@app.command()
@connected
def show(client: "ArgusLMClient", as_json: Json = False) -> None:
    """The configuration in force."""
    config = client.get_monitoring_config()
    if as_json:
        return print_json(config)
    return print_facts(
        (
            ("enabled", config.enabled),
            ("every", f"{config.interval_s} s"),
            ("prompt pack", config.prompt_pack),
            ("max tokens", config.max_tokens),
            ("last run", config.last_run_at),
        )
    )


@app.command("set")
@connected
def set_(
    client: "ArgusLMClient",
    interval: Annotated[str | None, typer.Option(help="How often: 30s, 5m, 1h.")] = None,
    pack: Annotated[str | None, typer.Option(help="Which prompt pack.")] = None,
    max_tokens: Annotated[int | None, typer.Option(min=1, help="At most so many.")] = None,
    enabled: Annotated[
        bool | None,
        typer.Option("--enable/--disable", help="Whether anything is checked regularly."),
    ] = None,
) -> None:
    """Change only what is given."""
    changes: dict[str, Any] = {
        "interval_s": check_interval_s(interval) if interval else None,
        "prompt_pack": pack,
        "max_tokens": max_tokens,
        "enabled": enabled,
    }
    changes = {name: value for name, value in changes.items() if value is not None}
    if not changes:
        raise typer.BadParameter("nothing to change was given")
    client.update_monitoring_config(**changes)
    say(f"changed {', '.join(changes)}")


@app.command()
@connected
def run(
    client: "ArgusLMClient",
    models: Annotated[
        list[str] | None, typer.Argument(metavar="MODEL", help="Names or ids; else all.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Check these models now, or every watched one."""
    ids = [model.id for model in find_models(client, models)] if models else None
    answer = client.run_monitoring(ids)
    if as_json:
        return print_json(answer)
    return say(answer.message)


@app.command()
@connected
def packs(client: "ArgusLMClient", as_json: Json = False) -> None:
    """The prompt packs."""
    known = client.list_prompt_packs()
    if as_json:
        return print_json(known)
    return print_table(
        ("=ID", "NAME", ">TOKENS", "PROMPT"),
        ((one.id, one.name, one.expected_tokens, one.prompt) for one in known),
        empty="no prompt packs",
    )
