"""`arguslm alerts`"""

from typing import TYPE_CHECKING, Annotated

import typer

from arguslm.cli.connect import Json, connected
from arguslm.cli.lookup import find_alert, find_rule
from arguslm.cli.output import print_facts, print_json, print_table, say, short

if TYPE_CHECKING:
    from arguslm.client import ArgusLMClient

app = typer.Typer(
    help="What went wrong, who is told, and when: alerts, rules, channels.", no_args_is_help=True
)

Alert = Annotated[str, typer.Argument(metavar="ALERT", help="Its id, or the beginning of it.")]


@app.command("list")
@connected
def list_(
    client: "ArgusLMClient",
    acknowledged: Annotated[
        bool | None, typer.Option("--acknowledged/--unacknowledged", help="Only these.")
    ] = None,
    still_open: Annotated[
        bool | None, typer.Option("--open/--resolved", help="Only these.")
    ] = None,
    rule: Annotated[str | None, typer.Option(help="Only this rule's.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=500, help="How many.")] = 20,
    as_json: Json = False,
) -> None:
    """The newest alerts."""
    alerts = client.list_alerts(
        acknowledged=acknowledged,
        state=None if still_open is None else "open" if still_open else "resolved",
        rule_id=find_rule(client, rule).id if rule else None,
        limit=limit,
    ).items
    if as_json:
        return print_json(alerts)
    return print_table(
        ("=ID", "=STATE", "SEVERITY", "=SINCE", "MODEL", "OUTCOME", "ACKNOWLEDGED", "MESSAGE"),
        (
            (
                short(one.id),
                one.state,
                one.severity,
                one.since or one.created_at,
                one.model_name or "-",
                one.outcome or "-",
                one.acknowledged_by or one.acknowledged,
                one.message,
            )
            for one in alerts
        ),
        empty="no alerts",
    )


@app.command()
@connected
def show(client: "ArgusLMClient", alert: Alert, as_json: Json = False) -> None:
    """An alert, and who was told."""
    found = find_alert(client, alert)
    if as_json:
        return print_json(found)
    print_facts(
        (
            ("alert", found.id),
            ("rule", found.rule_name),
            ("state", found.state),
            ("severity", found.severity),
            ("about", " at ".join(filter(None, (found.model_name, found.provider_name)))),
            ("outcome", found.outcome),
            ("fault owner", found.fault_owner),
            ("message", found.message),
            ("since", found.since),
            ("raised", found.created_at),
            ("acknowledged", found.acknowledged_at),
            ("acknowledged by", found.acknowledged_by),
            ("resolved", found.resolved_at),
            ("because", found.resolve_reason),
        )
    )
    return print_table(
        ("=TOLD", "CHANNEL", "ABOUT", "DELIVERED", ">ATTEMPTS", "ERROR"),
        (
            (one.at, one.channel_name, one.transition, one.delivered, one.attempts, one.error or "")
            for one in found.notifications
        ),
        empty="nobody was told over a channel",
    )


@app.command()
@connected
def ack(client: "ArgusLMClient", alert: Alert) -> None:
    """Say that you have seen it."""
    changed = client.acknowledge_alert(find_alert(client, alert).id)
    say(f"acknowledged: {changed.message}")
