"""What every part of the bus may say of an event. Apart from `faults`, which knows databases: who
only publishes and reads needs none."""


class NotNow(Exception):
    """Nothing is wrong with the event: it can be handled later, when something else has come."""
