"""A part of an index that never changes: the names of some persons as arrays in files, and how to find tokens and
names.

Rules kept here:
- a part is written once, into a folder of its own; each file is durable, its owner's alone, and mapped into memory
  when the part is opened, so opening takes no time and several processes share the memory;
- a token is found by hashes of its coarse skeletons (`keys.py`) and of each of them less one letter, on both sides: two
  spellings that differ by one consonant class meet;
- particles and titles find nothing, unless the name has nothing else.

A question is answered in three steps: tokens of the part that spell a token of the question; names that have them, by
the sum of what they say, rare tokens first: once enough names have more than a frequent token says, it adds to those
alone; and the names with the largest sums compared as `comparing.compare` does. The first two only choose whom to
compare.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from passerelle.core import durable
from passerelle.names import finding, kernel
from passerelle.names.block import Block, Tokens
from passerelle.names.keys import digest, hashed, skeletons
from passerelle.names.reading import NAME
from passerelle.names.symbols import LONGEST
from passerelle.names.weights import weights

Array = npt.NDArray[Any]
COMPARED = 200
"""Names of a part that are compared for one name of a question, about; twice as many at most."""
_LEAST_FOUND = 0.5
"""Nats that a token must have in common with one of the question to find names."""
_TABLE = ("codes", "lengths", "said", "expected", "card")
_FILES = (
    *_TABLE,
    *("flat", "starts", "persons", "owners", "posting_starts", "postings", "hashes", "hashed_tokens"),
    *("ids", "id_starts", "id_hashes", "id_rows"),
)


def token_hashes(readings: Sequence[str]) -> set[int]:
    """What a token is found by: its coarse skeletons, and those of four letters or more less any one."""
    found = set()
    for skeleton in skeletons(tuple(readings)):
        found.add(hashed(skeleton))
        if len(skeleton) >= 4:
            found.update(hashed(skeleton[:place] + skeleton[place + 1 :]) for place in range(len(skeleton)))
    return found


class Segment:
    """A part of an index, open. Not for two threads at once."""

    def __init__(self, arrays: dict[str, Array]) -> None:
        self._arrays = arrays
        self._table = tuple(arrays[name] for name in _TABLE)
        self._sums: Array | None = None

    @classmethod
    def open(cls, folder: Path) -> "Segment":
        """The part in a folder. Raises OSError, ValueError when a file is missing or damaged."""
        return cls({name: np.asarray(np.load(folder / f"{name}.npy", mmap_mode="c")) for name in _FILES})

    @staticmethod
    def write(folder: Path, arrays: dict[str, Array]) -> None:
        """Writes a part into a new folder, durably. Raises OSError."""
        folder.mkdir(mode=0o700)
        for name in _FILES:
            with durable.create(folder / f"{name}.npy") as file:
                np.save(file, arrays[name], allow_pickle=False)
                durable.settle(file)
        durable.sync(folder)

    @staticmethod
    def made(items: Iterable[tuple[str, Sequence[str]]]) -> dict[str, Array]:
        """The arrays of a part of these ids and names."""
        ids: list[bytes] = []
        tokens = Tokens()

        def names() -> Iterator[Sequence[str]]:
            for one, texts in items:
                ids.append(one.encode())
                yield texts

        return _arrays(ids, Block(names(), tokens=tokens), tokens)

    def without(self, rows: Iterable[int]) -> dict[str, Array]:
        """The arrays of this part less some persons: nothing of their names, nor tokens that they alone had, is
        left.
        """
        keep = np.ones(len(self), bool)
        keep[list(rows)] = False
        return joined([(self._arrays, keep)])

    def with_more(self, rows: Iterable[int], more: dict[str, Array]) -> dict[str, Array]:
        """The arrays of this part less some persons, and of another."""
        keep = np.ones(len(self), bool)
        keep[list(rows)] = False
        return joined([(self._arrays, keep), (more, np.ones(len(more["persons"]) - 1, bool))])

    def __len__(self) -> int:
        return len(self._arrays["persons"]) - 1

    def id(self, row: int) -> str:
        """The id of a person."""
        starts: Array = self._arrays["id_starts"]
        return bytes(self._arrays["ids"][starts[row] : starts[row + 1]]).decode()

    def ids(self) -> Iterator[str]:
        """All ids, in order."""
        return map(self.id, range(len(self)))

    def row(self, one: str) -> int:
        """The person of an id, -1 when there is none here."""
        wanted = digest(one)
        place = int(np.searchsorted(self._arrays["id_hashes"], wanted))
        while place < len(self) and self._arrays["id_hashes"][place] == wanted:
            row = int(self._arrays["id_rows"][place])
            if self.id(row) == one:
                return row
            place += 1
        return -1

    def search(self, asked: Block, name: int) -> tuple[Array, Array]:
        """The persons nearest to one name of a question, by rows, and their log-odds; in no order."""
        if self._sums is None:
            size = len(self._arrays["owners"])
            self._sums, self._seen = np.zeros(size, np.float32), np.zeros(size, np.int8)
            self._touched, self._steps = np.zeros(size, np.int32), np.zeros(256, np.int64)
            self._chosen, self._room = np.zeros(2 * COMPARED, np.int32), kernel.space()
        count = 0
        starts = self._arrays["posting_starts"]
        units = sorted(self._units(asked, name), key=lambda found: int((starts[found[0] + 1] - starts[found[0]]).sum()))
        for unit, (tokens, said) in enumerate(units, 1):
            if len(tokens):
                new = np.count_nonzero(self._sums[self._touched[:count]] > said[0]) < COMPARED
                count = finding.gather(
                    starts, self._arrays["postings"], tokens, said, unit, bool(new),
                    self._sums, self._seen, self._touched, count,
                )  # fmt: skip
        chosen = self._chosen[
            : finding.best(
                self._sums, self._arrays["starts"], self._touched, count, COMPARED, self._steps, self._chosen
            )
        ]
        finding.forget(self._sums, self._seen, self._touched, count)
        rows = np.unique(self._arrays["owners"][chosen]).astype(np.int64)
        return rows, self._compared(asked, name, rows)

    def _units(self, asked: Block, name: int) -> Iterator[tuple[Array, Array]]:
        """For each token of the question: tokens that spell it, and what each says, by falling evidence."""
        known, table = weights(), asked.table()
        for place in asked.flat[asked.starts[name] : asked.starts[name + 1]]:
            readings, kind, _arabic = asked.tokens.key(int(place))
            if kind != NAME:
                continue
            wanted = np.array(sorted(token_hashes(readings)), np.int64)
            hashes = self._arrays["hashes"]
            ends = zip(np.searchsorted(hashes, wanted), np.searchsorted(hashes, wanted, "right"), strict=True)
            near = np.unique(np.concatenate([self._arrays["hashed_tokens"][first:last] for first, last in ends]))
            said = np.empty(len(near), np.float32)
            kernel.alike(table, int(place), self._table, near, known.ratios, self._room[7], said)
            order = np.argsort(-said)
            order = order[: int(np.count_nonzero(said > _LEAST_FOUND))]
            yield near[order], said[order]

    def _compared(self, asked: Block, name: int, rows: Array) -> Array:
        known, arrays, scores = weights(), self._arrays, np.empty(len(rows), np.float64)
        alone = np.array([name, name + 1], np.int64)
        kernel.many(
            asked.table(), asked.flat, asked.starts, alone, np.zeros(len(rows), np.int64),
            self._table, arrays["flat"], arrays["starts"], arrays["persons"], rows,
            known.ratios, known.inner, known.factors, self._room, scores, _NONE,
        )  # fmt: skip
        return scores


_NONE = np.zeros((0, kernel.FEATURES))


def joined(parts: Sequence[tuple[dict[str, Array], Array]]) -> dict[str, Array]:
    """The arrays of several parts as one: of each the persons that are kept. Tokens that none of them has are left
    out.
    """
    flats, sizes, owners, rows, numbers, ids, id_sizes, persons, tokens = [], [], [], [], [], [], [], 0, 0
    hashes, hashed_tokens = [], []
    for arrays, keep in parts:
        named = keep[arrays["owners"]]
        counts = np.diff(arrays["starts"])
        flat = arrays["flat"][np.repeat(named, counts)]
        used = np.zeros(len(arrays["card"]), bool)
        used[flat] = True
        number = np.cumsum(used) - 1 + tokens
        flats.append(number[flat])
        sizes.append(counts[named])
        owners.append((np.cumsum(keep) - 1 + persons)[arrays["owners"][named]])
        rows.append(np.flatnonzero(used))
        numbers.append(int(used.sum()))
        chosen = used[arrays["hashed_tokens"]]
        hashes.append(arrays["hashes"][chosen])
        hashed_tokens.append(number[arrays["hashed_tokens"][chosen]])
        lengths = np.diff(arrays["id_starts"])
        ids.append(arrays["ids"][np.repeat(keep, lengths)])
        id_sizes.append(lengths[keep])
        persons, tokens = persons + int(keep.sum()), tokens + numbers[-1]
    table = {
        name: np.concatenate(
            [_rows(arrays[name], name, chosen) for (arrays, _), chosen in zip(parts, rows, strict=True)]
        )
        for name in _TABLE
    }
    first, number = _same(table)
    owner = np.concatenate(owners)
    starts = np.concatenate([[0], np.cumsum(np.concatenate(sizes))]).astype(np.int64)
    both = np.unique(np.stack([np.concatenate(hashes), number[np.concatenate(hashed_tokens)]]), axis=1)
    return _whole(
        {name: _rows(table[name], name, first) for name in _TABLE},
        number[np.concatenate(flats)].astype(np.int32), starts,
        np.concatenate([[0], np.cumsum(np.bincount(owner, minlength=persons))]).astype(np.int64),
        both[0], both[1].astype(np.int32), np.concatenate(ids), np.concatenate(id_sizes),
    )  # fmt: skip


def _rows(array: Array, name: str, chosen: Array) -> Array:
    """The rows of some tokens; of codes two a token."""
    return (
        array.reshape(-1, 2, array.shape[1])[chosen].reshape(-1, array.shape[1]) if name == "codes" else array[chosen]
    )


def _same(table: dict[str, Array]) -> tuple[Array, Array]:
    """Of tokens some of which are the same: the first of each, and the new number of all."""
    size = len(table["card"])
    codes, cards = table["codes"].reshape(size, 2 * LONGEST), table["card"].view(np.uint8).reshape(size, 8)
    whole = np.concatenate([codes, cards], axis=1)
    keys = np.ascontiguousarray(whole).view(np.dtype((np.void, whole.shape[1]))).ravel()
    _, first, number = np.unique(keys, return_index=True, return_inverse=True)
    return first, number


def _arrays(ids: Sequence[bytes], block: Block, tokens: Tokens) -> dict[str, Array]:
    hashes: list[int] = []
    hashed_tokens: list[int] = []
    for number, (readings, kind, _arabic) in enumerate(tokens.keys()):
        if kind == NAME:
            mine = token_hashes(readings)
            hashes.extend(mine)
            hashed_tokens.extend([number] * len(mine))
    by_hash = np.argsort(np.array(hashes, np.int64), kind="stable")
    return _whole(
        dict(zip(_TABLE, tokens.arrays(), strict=True)), block.flat, block.starts, block.persons,
        np.array(hashes, np.int64)[by_hash], np.array(hashed_tokens, np.int32)[by_hash],
        np.frombuffer(b"".join(ids), np.uint8), np.array([len(one) for one in ids], np.int64),
    )  # fmt: skip


def _whole(
    table: dict[str, Array], flat: Array, starts: Array, persons: Array,
    hashes: Array, hashed_tokens: Array, ids: Array, id_sizes: Array,
) -> dict[str, Array]:  # fmt: skip
    """All arrays of a part, with those that follow from others."""
    of_names = np.repeat(np.arange(len(starts) - 1, dtype=np.int32), np.diff(starts))
    searched = (table["card"] >> 44 & 7 == 0)[flat]  # of kind name
    order = np.argsort(flat[searched], kind="stable")
    counts = np.bincount(flat[searched], minlength=len(table["card"]))
    id_starts = np.concatenate([[0], np.cumsum(id_sizes)]).astype(np.int64)
    whole = ids.tobytes()
    ends = id_starts.tolist()
    id_hashes = np.array([digest(whole[a:b].decode()) for a, b in pairwise(ends)], np.int64)
    by_id = np.argsort(id_hashes, kind="stable")
    return {
        **table,
        "flat": flat,
        "starts": starts,
        "persons": persons,
        "owners": np.repeat(np.arange(len(persons) - 1, dtype=np.int32), np.diff(persons)),
        "posting_starts": np.concatenate([[0], np.cumsum(counts)]).astype(np.int64),
        "postings": of_names[searched][order],
        "hashes": hashes,
        "hashed_tokens": hashed_tokens,
        "ids": ids,
        "id_starts": id_starts,
        "id_hashes": id_hashes[by_id],
        "id_rows": by_id.astype(np.int32),
    }
