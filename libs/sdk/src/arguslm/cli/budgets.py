"""`arguslm budgets`"""

from typing import TYPE_CHECKING, Annotated

import typer

from arguslm.cli.connect import Json, connected
from arguslm.cli.costs import usd
from arguslm.cli.lookup import all_models, find_budget, find_model, find_provider, model_label
from arguslm.cli.output import percent, print_json, print_table, say, short

if TYPE_CHECKING:
    from arguslm.client import ArgusLMClient
    from arguslm.schemas import BudgetResponse

app = typer.Typer(help="What may be spent on a day (UTC).", no_args_is_help=True)

Budget = Annotated[str, typer.Argument(metavar="BUDGET", help="Its name or id.")]


@app.command("list")
@connected
def list_(client: "ArgusLMClient", as_json: Json = False) -> None:
    """All budgets, and what is used of them today."""
    found = client.list_budgets()
    if as_json:
        return print_json(found)
    return print_table(
        ("=ID", "NAME", "OF", ">PER DAY", ">USED", ">LEFT", ">USED %", ">UNPRICED CHECKS"),
        (
            (
                short(one.id),
                one.name,
                _scope(client, one),
                usd(one.usd_per_day),
                usd(one.used_usd),
                usd(one.left_usd),
                percent(one.used_usd / one.usd_per_day),
                one.unpriced,
            )
            for one in found.items
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


def _scope(client: "ArgusLMClient", budget: "BudgetResponse") -> str:
    if budget.provider_id is not None:
        names = {one.id: one.display_name for one in client.list_providers().providers}
        return names.get(budget.provider_id, str(budget.provider_id))
    if budget.model_id is not None:
        labels = {one.id: model_label(one) for one in all_models(client)}
        return labels.get(budget.model_id, str(budget.model_id))
    return "everything"
