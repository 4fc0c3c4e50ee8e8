"""Why a request could not be built."""

from arguslm_contracts.outcomes import Outcome


class CannotBuild(Exception):
    """There is no request to send; `outcome` says whose fault that is."""

    def __init__(self, outcome: Outcome, message: str) -> None:
        super().__init__(message)
        self.outcome = outcome
        self.message = message
