"""`arguslm models`"""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from arguslm.cli.connect import Json, connected
from arguslm.cli.duration import check_interval_s
from arguslm.cli.lookup import all_models, find_model, find_provider
from arguslm.cli.output import print_json, print_table, say, short

if TYPE_CHECKING:
    from arguslm.client import ArgusLMClient
    from arguslm_contracts.model_facts import ModelFacts

app = typer.Typer(help="What is watched and benchmarked.", no_args_is_help=True)

Model = Annotated[
    str, typer.Argument(metavar="MODEL", help="Its name, provider/name, or id.", show_default=False)
]


def facts_in_words(facts: "ModelFacts") -> str:
    """What its provider tells of a model, the most asked for first: `128k context, $2.5/$10`."""
    prices = (facts.input_usd_per_million_tokens, facts.output_usd_per_million_tokens)
    told = (
        facts.context_length and f"{facts.context_length // 1000}k context",
        None not in prices and f"${prices[0]:g}/${prices[1]:g} per million",
        facts.parameters,
        facts.quantization,
        facts.size_bytes and f"{facts.size_bytes / 1e9:.1f} GB",
    )
    return ", ".join(part for part in told if part)


@app.command("list")
@connected
def list_(
    client: "ArgusLMClient",
    provider: Annotated[str | None, typer.Option(help="Only this provider's.")] = None,
    search: Annotated[str | None, typer.Option(help="Only names with this in them.")] = None,
    watched: Annotated[
        bool | None, typer.Option("--watched/--unwatched", help="Only these.")
    ] = None,
    retired: Annotated[
        bool | None,
        typer.Option("--retired/--listed", help="Only those their provider no longer lists."),
    ] = None,
    as_json: Json = False,
) -> None:
    """All models."""
    found = all_models(
        client,
        provider_id=find_provider(client, provider).id if provider else None,
        search=search,
        enabled_for_monitoring=watched,
        retired=retired,
    )
    if as_json:
        return print_json(found)
    return print_table(
        ("=ID", "MODEL", "NAME", "PROVIDER", "WATCHED", "EVERY", "SOURCE", "FACTS"),
        (
            (
                short(one.id),
                one.model_id,
                one.custom_name or "-",
                one.provider_name or "-",
                "retired" if one.retired_at else one.enabled_for_monitoring,
                f"{one.interval_s} s" if one.interval_s else "default",
                one.source,
                facts_in_words(one.facts) or "-",
            )
            for one in found
        ),
        empty="no models: arguslm providers discover, or arguslm models add --help",
    )


@app.command()
@connected
def add(
    client: "ArgusLMClient",
    provider: Annotated[str, typer.Argument(help="The provider's name or id.")],
    model: Annotated[str, typer.Argument(help="The provider's own name for it.")],
    name: Annotated[str | None, typer.Option("--name", help="What you call it.")] = None,
    watch: Annotated[bool, typer.Option("--watch", help="Check it regularly.")] = False,
    interval: Annotated[str | None, typer.Option(help="How often: 30s, 5m, 1h.")] = None,
    as_json: Json = False,
) -> None:
    """Add a model by hand."""
    from arguslm.call import checked
    from arguslm.schemas import ModelCreate

    optional: dict[str, Any] = {
        "custom_name": name,
        "interval_s": check_interval_s(interval) if interval else None,
    }
    wanted = checked(
        ModelCreate,
        provider_account_id=find_provider(client, provider).id,
        model_id=model,
        enabled_for_monitoring=watch,
        **{field: value for field, value in optional.items() if value is not None},
    )
    created = client.create_model(wanted)
    if as_json:
        return print_json(created)
    return say(f"added {created.model_id} ({created.id})")


@app.command()
@connected
def rename(
    client: "ArgusLMClient",
    model: Model,
    name: Annotated[str, typer.Argument(help='The new name; "" for the provider\'s own.')],
) -> None:
    """Call it something else."""
    changed = client.update_model(find_model(client, model).id, custom_name=name or None)
    say(f"{changed.model_id} is now called {changed.custom_name or changed.model_id}")


@app.command()
@connected
def watch(client: "ArgusLMClient", model: Model) -> None:
    """Check it regularly, though its provider should no longer list it."""
    changed = client.update_model(find_model(client, model).id, enabled_for_monitoring=True)
    say(f"watching {changed.custom_name or changed.model_id}")


@app.command()
@connected
def unwatch(client: "ArgusLMClient", model: Model) -> None:
    """Stop checking it; its history stays."""
    changed = client.update_model(find_model(client, model).id, enabled_for_monitoring=False)
    say(f"no longer watching {changed.custom_name or changed.model_id}")


@app.command()
@connected
def interval(
    client: "ArgusLMClient",
    model: Model,
    every: Annotated[str, typer.Argument(help="30s, 5m, 1h, or `default`.")],
) -> None:
    """How often it is checked."""
    wanted = None if every == "default" else check_interval_s(every)
    changed = client.update_model(find_model(client, model).id, interval_s=wanted)
    often = f"every {changed.interval_s} s" if changed.interval_s else "at the default interval"
    say(f"{changed.custom_name or changed.model_id} is checked {often}")


@app.command()
@connected
def price(
    client: "ArgusLMClient",
    model: Model,
    input_usd: Annotated[
        float | None, typer.Argument(min=0, help="US dollars per million input tokens.")
    ] = None,
    output_usd: Annotated[
        float | None, typer.Argument(min=0, help="The same of output tokens.")
    ] = None,
    cached: Annotated[float | None, typer.Option(min=0, help="The same of cached input.")] = None,
    reasoning: Annotated[float | None, typer.Option(min=0, help="The same of reasoning.")] = None,
    unset: Annotated[bool, typer.Option("--unset", help="Go by the known price again.")] = False,
) -> None:
    """Say what it costs, where nobody knows or you pay another price."""
    if unset == (input_usd is not None) or (input_usd is None) != (output_usd is None):
        raise typer.BadParameter("give the prices of input and output, or --unset")
    from arguslm.call import checked
    from arguslm.schemas import PriceGiven

    given = {
        "input_usd_per_million_tokens": input_usd,
        "output_usd_per_million_tokens": output_usd,
        "cached_input_usd_per_million_tokens": cached,
        "reasoning_usd_per_million_tokens": reasoning,
    }
    told = {name: usd for name, usd in given.items() if usd is not None}
    wanted = None if unset else checked(PriceGiven, **told)
    changed = client.update_model(find_model(client, model).id, price=wanted)
    name = changed.custom_name or changed.model_id
    if changed.price is None:
        return say(f"{name} has the price that is known of it")
    return say(
        f"{name} costs ${changed.price.input_usd_per_million_tokens:g} in and "
        f"${changed.price.output_usd_per_million_tokens:g} out per million tokens"
    )


@app.command()
@connected
def remove(
    client: "ArgusLMClient",
    model: Model,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
) -> None:
    """Remove it."""
    found = find_model(client, model)
    if not yes:
        typer.confirm(f"Remove {found.custom_name or found.model_id}?", abort=True, err=True)
    client.delete_model(found.id)
    say(f"removed {found.custom_name or found.model_id}")


@app.command()
@connected
def check(client: "ArgusLMClient", model: Model, as_json: Json = False) -> None:
    """Check it now and show what came back. Exit code 1 when it is not usable."""
    from arguslm.cli.checks import check_now, print_check

    answer = check_now(client, find_model(client, model).id)
    if as_json:
        print_json(answer)
    else:
        print_check(answer)
    if not answer.usable:
        raise typer.Exit(1)
