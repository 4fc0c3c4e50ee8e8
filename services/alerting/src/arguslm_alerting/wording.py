"""The sentences people read: which model, whose, what happened, since when, who has to act."""

from datetime import datetime, timedelta

from arguslm_contracts.events.alerts import ResolveReason
from arguslm_contracts.outcomes import VERDICTS, FaultOwner, Outcome

_FAULT = {
    FaultOwner.NONE: "",
    FaultOwner.PROVIDER: "; the fault is the provider's",
    FaultOwner.NETWORK: "; the fault is in the network",
    FaultOwner.ACCOUNT: "; the fault is with our account",
    FaultOwner.MONITOR: "; the fault is our monitor's",
}
_CLOSED = {
    "rule_removed": "its rule was removed",
    "rule_disabled": "its rule was switched off",
    "model_removed": "the model was removed",
    "monitoring_off": "the model is no longer monitored",
    "model_retired": "its provider no longer lists the model",
    "budget_removed": "the budget was removed",
    "probe_removed": "the probe was removed or switched off",
}


def subject(model: str, providers: str, *, everywhere: bool) -> str:
    """ "gpt-4o at OpenAI", or "gpt-4o everywhere (Azure, OpenAI)"."""
    return f"{model} everywhere ({providers})" if everywhere else f"{model} at {providers}"


def raised(what: str, *, since: datetime, outcome: Outcome, fault_owner: FaultOwner) -> str:
    return (
        f"{what} has been down since {since:%Y-%m-%d %H:%M:%S} UTC: "
        f"it {VERDICTS[outcome].says}{_FAULT[fault_owner]}."
    )


def resolved(what: str, reason: ResolveReason, *, lasted: timedelta) -> str:
    """`lasted` is counted from the first failure."""
    if reason == "recovered":
        return f"{what} is up again after {duration(lasted)}."
    return f"The alert on {what} was closed after {duration(lasted)}: {_CLOSED[reason]}."


def budget_used(budget: str, percent: int, used_usd: float, usd_per_day: float) -> str:
    return (
        f"{percent} % of the budget {budget} are used today (UTC): "
        f"${used_usd:.4f} of ${usd_per_day:.4f}."
    )


def budget_resolved(budget: str, reason: ResolveReason, *, lasted: timedelta) -> str:
    """`lasted` is counted from the report that raised it."""
    if reason == "recovered":
        return f"Less of the budget {budget} is used again, after {duration(lasted)}."
    return (
        f"The alert on the budget {budget} was closed after {duration(lasted)}: {_CLOSED[reason]}."
    )


def probe_failed(probe: str, model: str, provider: str, found: str, *, since: datetime) -> str:
    return (
        f"The probe {probe} fails at {model} at {provider} since {since:%Y-%m-%d %H:%M:%S} UTC: "
        f"{found}."
    )


def probe_resolved(what: str, reason: ResolveReason, *, lasted: timedelta) -> str:
    if reason == "recovered":
        return f"What a probe found of {what} is as it should be again, after {duration(lasted)}."
    return f"The alert on a probe of {what} was closed after {duration(lasted)}: {_CLOSED[reason]}."


def duration(lasted: timedelta) -> str:
    """The two largest units: "3 d 4 h", "12 min 5 s", "8 s"."""
    seconds = max(0, round(lasted.total_seconds()))
    parts = []
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min"), (1, "s")):
        count, seconds = divmod(seconds, size)
        if count:
            parts.append(f"{count} {unit}")
        elif parts:
            break
    return " ".join(parts[:2]) or "0 s"
