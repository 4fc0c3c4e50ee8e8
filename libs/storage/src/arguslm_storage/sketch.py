"""A mergeable quantile sketch with a bounded relative error.

Method: logarithmic buckets as in DDSketch (Masson, Rim, Lee: "DDSketch", VLDB 2019): bucket i
holds values in (g^(i-1), g^i] with g = (1+a)/(1-a), so that any quantile is within a of the truth.
Merging adds counts, so the order of events does not matter.
"""

import math
from collections.abc import Iterable

from arguslm_storage.columns import JsonText

RELATIVE_ERROR = 0.01
_GAMMA = (1 + RELATIVE_ERROR) / (1 - RELATIVE_ERROR)
_LOG_GAMMA = math.log(_GAMMA)
_SMALLEST = 1e-9


class Sketch:
    """Counts of non-negative values by bucket."""

    def __init__(self, counts: dict[int, int] | None = None, zeros: int = 0) -> None:
        self.counts = counts or {}
        self.zeros = zeros

    @property
    def n(self) -> int:
        return self.zeros + sum(self.counts.values())

    def add(self, value: float) -> None:
        if value <= _SMALLEST:
            self.zeros += 1
            return
        bucket = math.ceil(math.log(value) / _LOG_GAMMA)
        self.counts[bucket] = self.counts.get(bucket, 0) + 1

    def merge(self, other: "Sketch") -> None:
        self.zeros += other.zeros
        for bucket, count in other.counts.items():
            self.counts[bucket] = self.counts.get(bucket, 0) + count

    def copy(self) -> "Sketch":
        return Sketch(self.counts.copy(), self.zeros)

    def negated(self) -> "Sketch":
        """What takes these values away again, when merged."""
        return Sketch({bucket: -count for bucket, count in self.counts.items()}, -self.zeros)

    def quantile(self, q: float) -> float | None:
        """The value at rank q in [0, 1], within RELATIVE_ERROR; None of an empty sketch."""
        n = self.n
        if n == 0:
            return None
        rank = q * (n - 1)
        seen = self.zeros
        if rank < seen:
            return 0.0
        bucket = 0
        for bucket in sorted(self.counts):
            seen += self.counts[bucket]
            if rank < seen:
                break
        return float(2 * _GAMMA**bucket / (_GAMMA + 1))

    def to_json(self) -> dict[str, int]:
        """Bucket -> count, with "z" for zeros; equal sketches give equal objects."""
        stored = {str(bucket): count for bucket, count in sorted(self.counts.items()) if count}
        return {"z": self.zeros, **stored} if self.zeros else stored

    def to_text(self) -> JsonText:
        """The text of `to_json`, without a library's detours: it is written very often."""
        counts = self.counts
        stored = [f'"{bucket}":{counts[bucket]}' for bucket in sorted(counts) if counts[bucket]]
        if self.zeros:
            stored.insert(0, f'"z":{self.zeros}')
        return JsonText("{" + ",".join(stored) + "}")

    @classmethod
    def from_json(cls, stored: dict[str, int] | None) -> "Sketch":
        stored = stored or {}
        counts = {int(bucket): count for bucket, count in stored.items() if bucket != "z"}
        return cls(counts, stored.get("z", 0))

    @classmethod
    def of(cls, values: Iterable[float]) -> "Sketch":
        sketch = cls()
        for value in values:
            sketch.add(value)
        return sketch
