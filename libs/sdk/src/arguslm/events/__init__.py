"""Reading the house's events straight from its bus. Needs `pip install 'arguslm[events]'`."""

try:
    from arguslm.events.subscriber import EventSubscriber
except ModuleNotFoundError as error:
    if (error.name or "").partition(".")[0] != "nats":
        raise
    raise ImportError("reading events needs nats-py: pip install 'arguslm[events]'") from error

__all__ = ["EventSubscriber"]
