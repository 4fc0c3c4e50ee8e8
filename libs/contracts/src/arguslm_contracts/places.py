"""Places: how many may ask one provider at once, over all probers of a location.

A place is a message that its holder keeps renewing; nobody's history, and gone when its holder is.
"""

STREAM = "PLACES"
SUBJECTS = "place.>"
LASTS_S = 10
"""A place whose holder has died is free again after so long."""


def place_subject(of: str, number: int) -> str:
    """`of` is a durable and a provider, such as `prober-local.0f8e...`."""
    return f"place.{of}.{number}"
