"""`arguslm alerts rules`"""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from arguslm.cli.connect import Json, connected
from arguslm.cli.lookup import (
    all_models,
    find_budget,
    find_channel,
    find_model,
    find_probe,
    find_rule,
    model_label,
)
from arguslm.cli.output import print_json, print_table, say, short

if TYPE_CHECKING:
    from uuid import UUID

    from arguslm.client import ArgusLMClient
    from arguslm.schemas import AlertRuleResponse

app = typer.Typer(help="When to raise an alert.", no_args_is_help=True)

Rule = Annotated[str, typer.Argument(metavar="RULE", help="Its name or id.")]
Severity = Annotated[str | None, typer.Option(help="info, warning or critical.")]
Failures = Annotated[int | None, typer.Option(min=1, help="Raise after so many failures in a row.")]
Successes = Annotated[
    int | None, typer.Option(min=1, help="Resolve after so many successes in a row.")
]
Percent = Annotated[
    int | None,
    typer.Option(min=5, max=95, help="Raise when so much of a budget is used: 5, 10 ... 95."),
]
Channels = Annotated[
    list[str] | None, typer.Option("--channel", help="Tell this channel (repeatable).")
]
InApp = Annotated[
    bool | None, typer.Option("--in-app/--no-in-app", help="Show it in the dashboard's bell.")
]


@app.command("list")
@connected
def list_(client: "ArgusLMClient", as_json: Json = False) -> None:
    """All rules."""
    rules = client.list_alert_rules()
    if as_json:
        return print_json(rules)
    names = _model_names(client) if any(rule.target_model_id for rule in rules) else {}
    return print_table(
        ("=ID", "NAME", "TYPE", "TARGET", "SEVERITY", ">RAISE AFTER", ">RESOLVE AFTER", "ENABLED"),
        (
            (
                short(one.id),
                one.name,
                one.rule_type,
                _watched(one)
                or one.target_model_name
                or names.get(one.target_model_id)
                or one.target_model_id
                or "every model",
                one.severity,
                one.failures_to_raise,
                one.successes_to_resolve,
                one.enabled,
            )
            for one in rules
        ),
        empty="no rules yet: arguslm alerts rules add --help",
    )


@app.command()
@connected
def add(
    client: "ArgusLMClient",
    name: Annotated[str, typer.Option(help="What you call it.")],
    rule_type: Annotated[
        str,
        typer.Option(
            "--type",
            help="any_model_down, specific_model_down, model_unavailable_everywhere, budget_used "
            "or probe_failed.",
        ),
    ] = "any_model_down",
    model: Annotated[
        str | None, typer.Option(help="The model of specific_model_down: its name or id.")
    ] = None,
    model_name: Annotated[
        str | None, typer.Option(help="The name that model_unavailable_everywhere looks for.")
    ] = None,
    budget: Annotated[
        str | None, typer.Option(help="The budget of budget_used; without it any.")
    ] = None,
    probe: Annotated[
        str | None, typer.Option(help="The probe of probe_failed; without it any.")
    ] = None,
    percent: Percent = None,
    severity: Severity = None,
    failures: Failures = None,
    successes: Successes = None,
    channel: Channels = None,
    in_app: InApp = None,
    as_json: Json = False,
) -> None:
    """Add a rule."""
    from arguslm.call import checked
    from arguslm.schemas import AlertRuleCreate

    wanted = checked(
        AlertRuleCreate,
        name=name,
        rule_type=rule_type,
        **_given(
            target_model_id=find_model(client, model).id if model else None,
            target_model_name=model_name,
            target_budget_id=find_budget(client, budget).id if budget else None,
            target_probe_id=find_probe(client, probe).id if probe else None,
            threshold_percent=percent,
            severity=severity,
            failures_to_raise=failures,
            successes_to_resolve=successes,
            notify_in_app=in_app,
            channel_ids=_channel_ids(client, channel),
        ),
    )
    created = client.create_alert_rule(wanted)
    if as_json:
        return print_json(created)
    return say(f"added {created.name} ({created.id})")


@app.command()
@connected
def edit(
    client: "ArgusLMClient",
    rule: Rule,
    name: Annotated[str | None, typer.Option(help="A new name.")] = None,
    enabled: Annotated[
        bool | None, typer.Option("--enable/--disable", help="Whether it is judged.")
    ] = None,
    percent: Percent = None,
    severity: Severity = None,
    failures: Failures = None,
    successes: Successes = None,
    channel: Channels = None,
    no_channels: Annotated[bool, typer.Option("--no-channels", help="Tell no channel.")] = False,
    in_app: InApp = None,
) -> None:
    """Change only what is given; --channel replaces the rule's channels."""
    changes = _given(
        name=name,
        enabled=enabled,
        threshold_percent=percent,
        severity=severity,
        failures_to_raise=failures,
        successes_to_resolve=successes,
        notify_in_app=in_app,
        channel_ids=[] if no_channels else _channel_ids(client, channel),
    )
    if not changes:
        raise typer.BadParameter("nothing to change was given")
    changed = client.update_alert_rule(find_rule(client, rule).id, **changes)
    say(f"changed {changed.name}: {', '.join(changes)}")


@app.command()
@connected
def remove(
    client: "ArgusLMClient",
    rule: Rule,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
) -> None:
    """Remove a rule; its open alerts are resolved."""
    found = find_rule(client, rule)
    if not yes:
        typer.confirm(f"Remove the rule {found.name}?", abort=True, err=True)
    client.delete_alert_rule(found.id)
    say(f"removed {found.name}")


def _watched(rule: "AlertRuleResponse") -> str | None:
    """What a rule on budgets or probes looks at."""
    if rule.rule_type == "probe_failed":
        return f"probe {short(rule.target_probe_id)}" if rule.target_probe_id else "any probe"
    if rule.rule_type != "budget_used":
        return None
    which = f"budget {short(rule.target_budget_id)}" if rule.target_budget_id else "any budget"
    return f"{which}, {rule.threshold_percent} %"


def _model_names(client: "ArgusLMClient") -> "dict[UUID | None, str]":
    return {model.id: model_label(model) for model in all_models(client)}


def _given(**fields: Any) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}


def _channel_ids(client: "ArgusLMClient", names: list[str] | None) -> list[Any] | None:
    return [find_channel(client, name).id for name in names] if names else None
