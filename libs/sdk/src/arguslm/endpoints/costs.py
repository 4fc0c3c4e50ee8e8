"""What was spent, and what may be."""

from arguslm.call import UNSET, Call, Id, Unset, body_of, changes, endpoint, nothing, path, shape
from arguslm_contracts.rest import budgets, costs


class CostEndpoints:
    @endpoint
    def get_costs(self, *, by: costs.CostsBy = "model", days: int = 7) -> Call[costs.CostsResponse]:
        """The last `days` days in UTC, today included."""
        params = {"by": by, "days": days}
        return Call("GET", path("costs"), shape(costs.CostsResponse), params)


class BudgetEndpoints:
    @endpoint
    def list_budgets(self) -> Call[budgets.BudgetList]:
        """Every budget, and what is used of it today (UTC)."""
        return Call("GET", path("budgets"), shape(budgets.BudgetList))

    @endpoint
    def get_budget(self, budget_id: Id) -> Call[budgets.BudgetResponse]:
        return Call("GET", path("budgets", budget_id), shape(budgets.BudgetResponse))

    @endpoint
    def create_budget(self, budget: budgets.BudgetCreate) -> Call[budgets.BudgetResponse]:
        return Call("POST", path("budgets"), shape(budgets.BudgetResponse), body=body_of(budget))

    @endpoint
    def update_budget(
        self,
        budget_id: Id,
        update: budgets.BudgetUpdate | None = None,
        *,
        name: str | Unset = UNSET,
        usd_per_day: float | Unset = UNSET,
        revision: int | None = None,
    ) -> Call[budgets.BudgetResponse]:
        """Change only what is given."""
        body = changes(budgets.BudgetUpdate, update, name=name, usd_per_day=usd_per_day)
        return Call(
            "PATCH",
            path("budgets", budget_id),
            shape(budgets.BudgetResponse),
            body=body,
            revision=revision,
        )

    @endpoint
    def delete_budget(self, budget_id: Id) -> Call[None]:
        return Call("DELETE", path("budgets", budget_id), nothing)
