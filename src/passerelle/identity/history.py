"""The keys of a node over time: which of them may sign what.

A node hands over from one set of keys to the next. For each log the handover names the last size that the old keys
sign. Rules kept here:

- the keys in force sign any size: whoever holds them speaks for the node now, of all its logs;
- keys of before sign up to the last size that was named for the log, and nothing of a log that was not named: what a
  thief of an old key signs is worth nothing beyond what was proven when it was handed over;
- of several handovers the smallest last size counts.

Left to others: whether a handover is genuine (`ledger.handover`), and who learns of it when (`exchange`).
"""

from collections.abc import Mapping, Sequence

import msgspec

from passerelle.identity.keys import PublicKeys, Verifier

Lasts = Mapping[tuple[str, str], int]
"""The last size that the keys before sign, by kind of key and origin of the log."""


class Stage(msgspec.Struct, frozen=True):
    """Keys from one handover to the next. `lasts`: None where no limit is known (nobody was told of one yet)."""

    keys: PublicKeys
    lasts: Lasts | None = None


class History:
    """The stages of a node, oldest first."""

    def __init__(self, stages: Sequence[Stage]) -> None:
        self.stages = tuple(stages)

    @property
    def newest(self) -> PublicKeys:
        """The keys in force."""
        return self.stages[-1].keys

    def last(self, keys: tuple[Verifier, ...], kind: str, origin: str) -> int | None:
        """The last size of a log that keys sign: -1 for strange ones, None where there is no limit."""
        if self.newest.pair(kind) == keys:
            return None
        least: int | None = None
        for after, stage in zip(reversed(self.stages), reversed(self.stages[:-1]), strict=False):
            if after.lasts is not None and after.keys.pair(kind) != stage.keys.pair(kind):
                named = after.lasts.get((kind, origin), 0)
                least = named if least is None else min(least, named)
            if stage.keys.pair(kind) == keys:
                return least
        return -1

    def may(self, kind: str, origin: str, size: int) -> list[tuple[Verifier, ...]]:
        """The keys of a kind that may sign this size of a log, those in force first."""
        found: list[tuple[Verifier, ...]] = []
        for stage in reversed(self.stages):
            keys = stage.keys.pair(kind)
            last = self.last(keys, kind, origin)
            if keys not in found and (last is None or size <= last):
                found.append(keys)
        return found

    def knows(self, kind: str, keys: object) -> bool:
        """Whether a node has ever had this key or pair."""
        return any(getattr(stage.keys, kind) == keys for stage in self.stages)
