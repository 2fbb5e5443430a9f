"""Tables: what is in is found, what is not is not, sizes tell only the padded count, nothing else is taken for one."""

import os
import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from passerelle.core.errors import InputError, ProofError, SearchError, TableFullError
from passerelle.search import table

CHANCE = random.Random(3)


def output(number: int) -> bytes:
    return random.Random(number).randbytes(64)


def rows(numbers: range) -> dict[bytes, int]:
    return {(made := table.derive(output(number))).tag: number ^ made.pad for number in numbers}


def test_tag_pad_and_claim_come_from_the_output_alone_and_are_unlike() -> None:
    one, again, other = table.derive(output(1)), table.derive(output(1)), table.derive(output(2))
    assert one == again != other
    assert (len(one.tag), len(one.claim)) == (16, 32)
    assert one.tag not in one.claim


def test_what_is_in_a_shard_is_found_and_what_is_not_is_not() -> None:
    opened = table.Shard(table.shard(rows(range(900)), 1024), 1024)
    assert [opened.find(table.derive(output(number))) for number in range(900)] == list(range(900))
    assert not any(opened.find(table.derive(output(number))) for number in range(900, 3000))


def test_a_table_of_several_shards_finds_each_key_with_its_claim_and_opens_a_shard_once() -> None:
    made = {number: table.derive(output(number)) for number in range(200)}
    cut: list[dict[bytes, int]] = [{}, {}, {}]
    for number, one in made.items():
        cut[table.shard_of(one.tag, 3)][one.tag] = number ^ one.pad
    bodies = [table.shard(one, table.FULL) for one in cut]
    asked: list[int] = []

    def read(number: int) -> bytes:
        asked.append(number)
        return bodies[number]

    found = table.find({f"k{number}": output(number) for number in range(150, 250)}, 3 * table.FULL, read)
    assert found == {f"k{n}": table.Found(f"{n:016x}", made[n].claim) for n in range(150, 200)}
    assert sorted(asked) == [0, 1, 2]


@settings(max_examples=10)
@given(st.integers(0, 1024))
def test_the_size_of_a_shard_tells_nothing_of_how_much_is_in_it(count: int) -> None:
    assert len(table.shard(rows(range(count)), 1024)) == table.shard_size(1024)


def test_a_full_shard_has_less_than_17_bytes_a_key() -> None:
    full = {CHANCE.randbytes(16): CHANCE.getrandbits(64) for _ in range(table.FULL)}
    assert len(table.shard(full, table.FULL)) == table.shard_size(5 * table.FULL) <= 16.4 * table.FULL


def test_two_shards_of_the_same_keys_have_no_word_in_common() -> None:
    one, other = (table.shard(rows(range(10)), 1024) for _ in range(2))
    words = [{body[at : at + 8] for at in range(len(body) - 1024 * 16, len(body) - 8, 8)} for body in (one, other)]
    assert len(words[0] & words[1]) < 10 * 2 * 3


def test_more_keys_than_a_shard_holds_are_refused() -> None:
    with pytest.raises(TableFullError, match="expected at most 20 match keys in a shard, got 21"):
        table.shard(rows(range(21)), 20)


@pytest.mark.parametrize(
    ("keys", "count"),
    [
        (0, 1024),
        (1, 1024),
        (1024, 1024),
        (1025, 4096),
        (4097, 16_384),
        (16_385, 65_536),
        (65_536, 65_536),
        (65_537, 2 * 65_536),
        (128_000, 2 * 65_536),
        (131_072, 3 * 65_536),
        (1_000_000, 16 * 65_536),
    ],
)
def test_padded_counts_are_few_and_leave_room_in_each_shard(keys: int, count: int) -> None:
    assert table.padded(keys) == count
    assert count % table.shards_of(count) == 0
    assert table.beyond(count) > count
    assert table.shards_of(table.beyond(count)) in {1, table.shards_of(count) + 1}


@pytest.mark.parametrize("count", [0, -1, 65_537, 100_000])
def test_counts_that_cannot_be_cut_into_equal_shards_are_refused(count: int) -> None:
    with pytest.raises(InputError, match=f"or a multiple of 65536, got {count}"):
        table.shards_of(count)


def test_what_is_no_shard_of_this_size_is_refused() -> None:
    good = table.shard(rows(range(5)), 64)
    other = table.shard(rows(range(5)), 63)
    with pytest.raises(SearchError, match="expected a shard of 64 match keys"):
        table.Shard(other, 64)
    with pytest.raises(SearchError, match="expected a shard of 0"):
        table.Shard(good, 0)
    for place in range(len(good)):
        wrong = bytearray(good)
        wrong[place] ^= 1 + CHANCE.randrange(255)
        with pytest.raises(SearchError, match="expected a"):
            table.Shard(bytes(wrong), 64)


def fnv(data: bytes) -> int:
    found = 0xCBF29CE484222325
    for one in data:
        found = (found ^ one) * 0x100000001B3 % 2**64
    return found


def rewritten(body: bytes, count: int, changes: dict[int, int]) -> bytes:
    """A shard of so many words with others at some places, under a sum that is right."""
    ends = -(-count // 8)
    words = np.zeros(count, "<u8")
    words[np.unpackbits(np.frombuffer(body[:ends], np.uint8))[:count].astype(bool)] = np.frombuffer(body[ends:], "<u8")
    for place, value in changes.items():
        words[place] = value
    words[-1] = fnv(words[:-1].tobytes())
    return np.packbits(words != 0).tobytes() + words[words != 0].tobytes()


def test_a_map_that_is_cut_otherwise_is_never_given_to_the_library() -> None:
    """Whoever makes a table chooses its bytes; the library reads where the head says, also out of bounds."""
    held = rows(range(5))
    good = table.shard(held, 64)
    count = table._words(64)
    assert rewritten(good, count, {}) == good
    for place in (2, 3):
        for value in (1, 2**32, 2**32 - 1, 2**64 - 1, CHANCE.getrandbits(64)):
            with pytest.raises(SearchError, match="expected a map of 64 match keys, got another"):
                table.Shard(rewritten(good, count, {place: value}), 64)
    for seed in (1, 2**64 - 1, CHANCE.getrandbits(64)):  # within the same cut whatever stands there is read safely
        wild = table.Shard(rewritten(good, count, {1: seed}), 64)
        assert all(wild.find(table.derive(output(number))) is None for number in range(50))


@pytest.mark.parametrize("count", [1, 2, 3, 7, 8])
def test_a_shard_is_trusted_only_under_the_root_of_its_manifest(count: int) -> None:
    bodies = [os.urandom(40) for _ in range(count)]
    digests = [table.digest(body) for body in bodies]
    root = table.root(digests)
    for number, body in enumerate(bodies):
        proof = table.path(digests, number)
        table.check_shard(body, number, count, proof, root)
        for wrong in ((body + b"x", number, count, proof, root), (body, number, count, proof, bytes(32))):
            with pytest.raises(ProofError):
                table.check_shard(*wrong)
        if count > 1:
            with pytest.raises(ProofError):
                table.check_shard(body, (number + 1) % count, count, proof, root)


def test_a_reference_stays_within_an_epoch_and_changes_with_the_next() -> None:
    one, other = (table.referring(bytes([number]) * 32) for number in (1, 2))
    assert table.reference(one, "k") == table.reference(one, "k") != table.reference(other, "k")
    assert table.reference(one, "k") != table.reference(one, "l")
    assert len(table.written(7)) == 16


def test_a_claim_opens_the_entries_behind_its_reference_and_no_others() -> None:
    claims = {number: CHANCE.randbytes(32) for number in (5, 6, 2**64 - 1)}
    body = b"".join(
        sorted(table.row(n, claims[n], entry) for n, entry in ((6, 1), (5, 2), (6, 70_000), (2**64 - 1, 9)))
    )
    assert table.claimed(body, 6, claims[6]) == (1, 70_000)
    assert table.claimed(body, 2**64 - 1, claims[2**64 - 1]) == (9,)
    assert table.claimed(body, 6, claims[5]) == ()
    assert table.claimed(body, 7, claims[6]) == ()
    assert table.claimed(b"", 6, claims[6]) == ()
    assert table.referred(body, 5) == (table.hashed(claims[5]), (2,))
    assert table.referred(body, 4) is None


def test_two_keys_that_share_a_reference_each_open_their_own_entries() -> None:
    body = b"".join(sorted((table.row(5, b"a" * 32, 1), table.row(5, b"b" * 32, 2), table.row(5, b"b" * 32, 3))))
    assert table.claimed(body, 5, b"a" * 32) == (1,)
    assert table.claimed(body, 5, b"b" * 32) == (2, 3)
    assert table.claimed(body, 5, b"c" * 32) == ()


@pytest.mark.parametrize(
    ("count", "parts"), [(1024, 1), (4096, 1), (16_384, 2), (65_536, 8), (16 * 65_536, 128), (3 * 65_536, 32)]
)
def test_claims_are_cut_by_the_top_bits_of_references(count: int, parts: int) -> None:
    assert table.part_of(0, count) == 0
    assert table.part_of(2**64 - 1, count) == parts - 1
