"""What was spent."""

from arguslm.call import Call, endpoint, path, shape
from arguslm_contracts.rest import costs as shapes


class CostEndpoints:
    @endpoint
    def get_costs(
        self, *, by: shapes.CostsBy = "model", days: int = 7
    ) -> Call[shapes.CostsResponse]:
        """The last `days` days in UTC, today included."""
        params = {"by": by, "days": days}
        return Call("GET", path("costs"), shape(shapes.CostsResponse), params)
