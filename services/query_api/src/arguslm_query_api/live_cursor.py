"""Where somebody stands in the live stream: one sequence per stream, as one short text."""

from collections.abc import Mapping
from dataclasses import dataclass

_LETTERS = {
    "REGISTRY": "r",
    "ACCOUNTS": "p",
    "CHECKS": "c",
    "BENCHMARKS": "b",
    "ALERTS": "a",
}
_STREAMS = {letter: stream for stream, letter in _LETTERS.items()}


@dataclass(frozen=True, slots=True)
class Cursor:
    """The last sequence seen of each stream."""

    sequences: Mapping[str, int]

    def __getitem__(self, stream: str) -> int:
        return self.sequences.get(stream, 0)

    def __str__(self) -> str:
        return "-".join(f"{letter}{self[stream]}" for stream, letter in _LETTERS.items())

    def after(self, stream: str, sequence: int) -> "Cursor":
        return Cursor({**self.sequences, stream: sequence})

    def missed(self, until: "Cursor") -> int:
        """How many messages lie between here and there, in all streams."""
        return sum(max(0, until[stream] - self[stream]) for stream in _LETTERS)

    @classmethod
    def parse(cls, text: str) -> "Cursor":
        """Raises ValueError: it is no cursor."""
        sequences = {}
        for part in text.split("-"):
            if part[:1] not in _STREAMS or not part[1:].isdecimal():
                raise ValueError("this is no cursor of the live stream")
            sequences[_STREAMS[part[0]]] = int(part[1:])
        return cls(sequences)
