"""What a principal may do: viewers read, operators change what is watched, admins who comes in."""

from typing import Annotated

from fastapi import Depends
from starlette.requests import HTTPConnection

from arguslm_contracts.events.accounts import Role
from arguslm_query_api.auth.principal import Principal
from arguslm_query_api.refusals import Forbidden


class require:  # noqa: N801 - reads as a sentence where it is used
    """A dependency: the principal, if its role is `role` or above."""

    def __init__(self, role: Role) -> None:
        self.role = role

    async def __call__(self, connection: HTTPConnection) -> Principal:
        principal: Principal = connection.state.principal
        if not principal.may(self.role):
            raise Forbidden(f"this needs the role {self.role}; yours is {principal.role}")
        return principal


Viewer = Annotated[Principal, Depends(require("viewer"))]
Operator = Annotated[Principal, Depends(require("operator"))]
Admin = Annotated[Principal, Depends(require("admin"))]
