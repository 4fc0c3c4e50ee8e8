"""`arguslm status` and `arguslm health`."""

from typing import TYPE_CHECKING, Annotated

import typer

from arguslm.cli.connect import Json, connected
from arguslm.cli.output import number, percent, print_facts, print_json, print_table, say

if TYPE_CHECKING:
    from arguslm.client import ArgusLMClient


def register(app: typer.Typer) -> None:
    app.command("status", rich_help_panel="Watching")(status)
    app.command("health", rich_help_panel="The house")(health)


@connected
def status(
    client: "ArgusLMClient",
    span: Annotated[
        str, typer.Option("--range", help="What the ratios and medians are of.")
    ] = "24h",
    as_json: Json = False,
) -> None:
    """Every watched model at a glance, worst first."""
    overview = client.get_overview(span)
    if as_json:
        return print_json(overview)
    print_table(
        ("=STATE", "MODEL", "PROVIDER", "=SINCE", "LAST OUTCOME", ">TTFT ms", ">TOK/S", ">UPTIME"),
        (
            (
                card.state,
                card.name,
                card.provider_name,
                card.since or "-",
                card.last_outcome or "-",
                number(card.ttft_p50_ms),
                number(card.tokens_per_s_p50, 1),
                percent(card.uptime_ratio),
            )
            for card in overview.items
        ),
        empty="no model is watched yet: arguslm providers add, then arguslm models watch MODEL",
    )
    say(
        f"{overview.up} up, {overview.degraded} degraded, {overview.down} down, "
        f"{overview.unknown} unknown, {overview.paused} paused; {overview.open_alerts} open alerts"
    )
    return None


@connected
def health(client: "ArgusLMClient", as_json: Json = False) -> None:
    """How the server itself is. Exit code 1 unless it is healthy."""
    answer = client.health()
    if as_json:
        print_json(answer)
    else:
        print_facts((("status", answer.status), ("version", answer.version)))
        print_table(
            ("COMPONENT", "HEALTHY", "MESSAGE"),
            ((one.name, one.healthy, one.message) for one in answer.components),
            empty="",
        )
    if answer.status != "healthy":
        raise typer.Exit(1)
