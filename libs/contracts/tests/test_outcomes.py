"""Every outcome has a verdict, and the verdicts agree with each other."""

import pytest

from arguslm_contracts.measurement import Measurement
from arguslm_contracts.outcomes import VERDICTS, FaultOwner, Outcome


def test_every_outcome_has_a_verdict() -> None:
    assert VERDICTS.keys() == set(Outcome)


@pytest.mark.parametrize("outcome", Outcome)
def test_a_verdict_makes_sense(outcome: Outcome) -> None:
    verdict = VERDICTS[outcome]
    assert verdict.says
    assert verdict.says[0].islower()
    if verdict.usable:
        assert verdict.available
        assert verdict.fault_owner is FaultOwner.NONE
    if verdict.available is False:
        assert verdict.usable is False
        assert verdict.fault_owner in (FaultOwner.PROVIDER, FaultOwner.NETWORK)
    if verdict.fault_owner in (FaultOwner.MONITOR, FaultOwner.ACCOUNT):
        assert verdict.available is None, "what is our own doing says nothing about the provider"


@pytest.mark.parametrize("outcome", Outcome)
def test_a_measurement_takes_its_fault_owner_from_the_outcome(outcome: Outcome) -> None:
    assert Measurement.of(outcome).fault_owner is VERDICTS[outcome].fault_owner
