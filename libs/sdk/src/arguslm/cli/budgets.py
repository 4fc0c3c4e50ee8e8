"""`arguslm budgets`"""

from typing import TYPE_CHECKING, Annotated

import typer

from arguslm.cli.connect import Json, connected
from arguslm.cli.costs import usd
from arguslm.cli.lookup import find_budget, find_model, find_provider, scope_label
from arguslm.cli.output import percent, print_json, print_table, say, short

if TYPE_CHECKING:
    from arguslm.client import ArgusLMClient

app = typer.Typer(help="What may be spent on a day (UTC).", no_args_is_help=True)

Budget = Annotated[str, typer.Argument(metavar="BUDGET", help="Its name or id.")]


@app.command("list")
@connected
def list_(client: "ArgusLMClient", as_json: Json = False) -> None:
    """All budgets, and what is used of them today."""
    found = client.list_budgets().items
    if as_json:
        return print_json(found)
    return print_table(
        ("=ID", "NAME", "OF", ">PER DAY", ">USED", ">LEFT", ">USED %", ">UNPRICED CHECKS"),
        (
            (
                short(one.id),
                one.name,
                scope_label(client, one.provider_id, one.model_id, "everything"),
                usd(one.usd_per_day),
                usd(one.used_usd),
                usd(one.left_usd),
                percent(one.used_usd / one.usd_per_day),
                one.unpriced,
            )
            for one in found
        ),
        empty="no budgets yet: arguslm budgets add --help",
    )


@app.command()
@connected
def add(
    client: "ArgusLMClient",
    name: Annotated[str, typer.Option(help="What you call it.")],
    usd_per_day: Annotated[float, typer.Option("--usd-per-day", help="At most, in US dollars.")],
    provider: Annotated[str | None, typer.Option(help="Of this provider's key alone.")] = None,
    model: Annotated[str | None, typer.Option(help="Of this model alone.")] = None,
    as_json: Json = False,
) -> None:
    """Add a budget: a check or benchmark that it might not cover is not sent."""
    from arguslm.call import checked
    from arguslm.schemas import BudgetCreate

    wanted = checked(
        BudgetCreate,
        name=name,
        usd_per_day=usd_per_day,
        provider_id=find_provider(client, provider).id if provider else None,
        model_id=find_model(client, model).id if model else None,
    )
    created = client.create_budget(wanted)
    if as_json:
        return print_json(created)
    return say(f"added {created.name} ({created.id})")


@app.command()
@connected
def edit(
    client: "ArgusLMClient",
    budget: Budget,
    name: Annotated[str | None, typer.Option(help="A new name.")] = None,
    usd_per_day: Annotated[
        float | None, typer.Option("--usd-per-day", help="At most, in US dollars.")
    ] = None,
) -> None:
    """Change only what is given."""
    from arguslm.call import UNSET

    if name is None and usd_per_day is None:
        raise typer.BadParameter("nothing to change was given")
    changed = client.update_budget(
        find_budget(client, budget).id,
        name=UNSET if name is None else name,
        usd_per_day=UNSET if usd_per_day is None else usd_per_day,
    )
    say(f"{changed.name}: {usd(changed.usd_per_day)} a day")


@app.command()
@connected
def remove(
    client: "ArgusLMClient",
    budget: Budget,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
) -> None:
    """Remove a budget; nothing is held back for it any more."""
    found = find_budget(client, budget)
    if not yes:
        typer.confirm(f"Remove the budget {found.name}?", abort=True, err=True)
    client.delete_budget(found.id)
    say(f"removed {found.name}")
