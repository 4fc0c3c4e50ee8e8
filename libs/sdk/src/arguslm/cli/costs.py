"""`arguslm costs`"""

from typing import TYPE_CHECKING, Annotated, Literal

import typer

from arguslm.cli.connect import Json, connected
from arguslm.cli.output import print_json, print_table, say

if TYPE_CHECKING:
    from arguslm.client import ArgusLMClient
    from arguslm_contracts.rest.costs import Bill, CostLine


def register(app: typer.Typer) -> None:
    app.command("costs", rich_help_panel="Watching")(costs)


@connected
def costs(
    client: "ArgusLMClient",
    days: Annotated[int, typer.Option(min=1, max=366, help="Days in UTC, today included.")] = 7,
    by: Annotated[Literal["model", "provider", "day"], typer.Option()] = "model",
    as_json: Json = False,
) -> None:
    """What checks and benchmarks cost, the dearest first."""
    answer = client.get_costs(by=by, days=days)
    if as_json:
        return print_json(answer)
    print_table(
        (f"={by.upper()}", ">COST", ">REQUESTS", ">UNPRICED", ">INPUT", ">OUTPUT", ">REASONING"),
        (
            (
                _whose(line),
                dollars(line),
                line.priced + line.unpriced,
                line.unpriced,
                line.input_tokens,
                line.output_tokens,
                line.reasoning_tokens,
            )
            for line in answer.items
        ),
        empty=f"nothing was asked in the last {days} days",
    )
    if answer.items:
        say(f"{dollars(answer.total)} in {days} days{_unknown(answer.total)}")
    return None


def dollars(bill: "Bill") -> str:
    """`$0.001234`, or that nobody knows: never 0 for what has no price."""
    return "unpriced" if bill.usd is None else usd(bill.usd)


def usd(amount: float) -> str:
    """A single check may cost a fraction of a cent."""
    return f"${amount:.2f}" if amount >= 1 or amount == 0 else f"${amount:.6f}"


def _whose(line: "CostLine") -> str:
    if line.day is not None:
        return f"{line.day:%Y-%m-%d}"
    if line.model_name is not None:
        return f"{line.provider_name}/{line.model_name}"
    if line.model_id is not None:
        return f"{line.model_id} (removed)"
    return line.provider_name or "(removed)"


def _unknown(total: "Bill") -> str:
    if total.unpriced == 0:
        return ""
    return f"; {total.unpriced} requests have no known price: arguslm models price --help"
