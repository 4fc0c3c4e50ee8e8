"""A vector made short, and held against an earlier one."""

import math
import random
from collections.abc import Sequence
from functools import lru_cache

from arguslm_contracts.probes import Fingerprint

_DIRECTIONS = 64
_SEED = 20_261_126
_DIGITS = 6


def fingerprint(vector: Sequence[float]) -> Fingerprint:
    """The projections of a vector on directions that are the same for ever."""
    length = math.sqrt(sum(x * x for x in vector)) or 1.0
    unit = [x / length for x in vector]
    projections = tuple(
        round(sum(x if sign else -x for x, sign in zip(unit, signs, strict=True)), _DIGITS)
        for signs in _signs(len(vector))
    )
    return Fingerprint(dimension=len(vector), projections=projections)


def cosine(one: Fingerprint, other: Fingerprint) -> float | None:
    """Of the vectors, as near as their fingerprints know; None where the dimensions differ."""
    if one.dimension != other.dimension or len(one.projections) != len(other.projections):
        return None
    product = sum(a * b for a, b in zip(one.projections, other.projections, strict=True))
    lengths = math.hypot(*one.projections) * math.hypot(*other.projections)
    return round(product / lengths, _DIGITS) if lengths else None


@lru_cache(maxsize=8)
def _signs(dimension: int) -> tuple[tuple[bool, ...], ...]:
    drawn = random.Random(_SEED)  # noqa: S311 - the same directions for ever
    return tuple(
        tuple(bit == "1" for bit in f"{drawn.getrandbits(dimension):0{dimension}b}")
        for _ in range(_DIRECTIONS)
    )
