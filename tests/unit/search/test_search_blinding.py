"""Asking and evaluating: both sides agree, nothing invalid passes, nothing is unblinded without its proof."""

import os
import random
import subprocess
import sys
from pathlib import Path

import pytest
import rbcl
from hypothesis import given, settings
from hypothesis import strategies as st
from voprf import ristretto

from passerelle.core.errors import ElementError, InputError, ProofError
from passerelle.search import blinding, oprf, suite

SECRET, SEED = bytes(range(32)), bytes(range(32, 64))
KEYS = ("d1971-03-05|dsn|lmr", "p|passport|BE|EH123456", "y1971|dsn|lmr")
IDENTITY = bytes(32)
NO_ELEMENTS = (b"\x01" + bytes(31), b"\xff" * 32, (2**255 - 18).to_bytes(32, "little"))


@settings(max_examples=15)
@given(
    st.binary(min_size=32, max_size=32),
    st.binary(min_size=32, max_size=32),
    st.sets(st.text(min_size=1), min_size=1, max_size=8),
)
def test_what_is_unblinded_is_what_the_holder_computes_itself(secret: bytes, seed: bytes, keys: set[str]) -> None:
    asked = blinding.blind(seed, keys, 10)
    assert len(asked.elements) == 10 * 32
    evaluated, proof = oprf.evaluate(secret, asked.elements)
    found = asked.unblind(evaluated, proof, oprf.public(secret))
    assert found == dict(zip(sorted(keys), oprf.outputs(secret, (key.encode() for key in sorted(keys))), strict=True))


def test_our_elements_and_the_librarys_client_get_the_same_outputs() -> None:
    evaluator = ristretto.Evaluator.from_seed(SECRET, b"passerelle-index/1")
    asked = [ristretto.Client.blind(key.encode()) for key in KEYS]
    output = evaluator.evaluate_batch([blinded for _client, blinded in asked])
    theirs = ristretto.Client.finalize_batch([client for client, _blinded in asked], output, evaluator.public_key)
    evaluated, proof = oprf.evaluate(SECRET, blinding.blind(SEED, KEYS, 10).elements)
    ours = blinding.unblind(SEED, KEYS, 10, evaluated, proof, oprf.public(SECRET))
    assert [ours[key] for key in KEYS] == theirs


def test_the_same_seed_gives_the_same_elements_in_an_order_that_says_nothing() -> None:
    asked = blinding.blind(SEED, KEYS, 50)
    assert asked == blinding.blind(SEED, [*reversed(KEYS), KEYS[0]], 50)
    rows = [asked.elements[at : at + 32] for at in range(0, len(asked.elements), 32)]
    assert rows == sorted(rows)
    assert len(set(rows)) == 50 == asked.width
    other = blinding.blind(bytes(32), KEYS, 50)
    assert not set(rows) & {other.elements[at : at + 32] for at in range(0, len(other.elements), 32)}


def test_one_seed_gives_two_keys_different_blinds_even_at_one_place() -> None:
    assert blinding.blind(SEED, KEYS[:1], 10).blinds != blinding.blind(SEED, KEYS[1:2], 10).blinds


@pytest.mark.parametrize(
    ("keys", "width"), [(1, 10), (10, 10), (11, 50), (100, 100), (101, 250), (251, 500), (501, 1000), (25_000, 25_000)]
)
def test_widths_are_few(keys: int, width: int) -> None:
    assert blinding.width_of(keys) == width


@pytest.mark.parametrize("keys", [0, 25_001])
def test_there_is_no_width_for_nothing_or_too_much(keys: int) -> None:
    with pytest.raises(InputError, match=f"expected 1 to 25000 match keys in a question, got {keys}"):
        blinding.width_of(keys)


def test_a_wrong_key_in_one_of_1500_evaluations_is_refused() -> None:
    # Of 1,500 elements one is evaluated with another key. The others, and the proof, are as they should be.
    asked = blinding.blind(SEED, KEYS, 1500)
    evaluated, proof = oprf.evaluate(SECRET, asked.elements)
    asked.unblind(evaluated, proof, oprf.public(SECRET))
    place = random.Random(7).randrange(1500) * 32
    wrong, _ = oprf.evaluate(bytes(32), asked.elements[place : place + 32])
    with pytest.raises(ProofError, match="expected elements evaluated with the key of the manifest"):
        asked.unblind(evaluated[:place] + wrong + evaluated[place + 32 :], proof, oprf.public(SECRET))


def test_proofs_of_other_keys_other_questions_and_other_orders_are_refused() -> None:
    asked, other = blinding.blind(SEED, KEYS, 10), blinding.blind(bytes(32), KEYS, 10)
    evaluated, proof = oprf.evaluate(SECRET, asked.elements)
    public = oprf.public(SECRET)
    with pytest.raises(ProofError):
        asked.unblind(evaluated, proof, oprf.public(bytes(32)))
    with pytest.raises(ProofError):
        asked.unblind(*oprf.evaluate(SECRET, other.elements), public)
    with pytest.raises(ProofError):
        asked.unblind(evaluated[32:64] + evaluated[:32] + evaluated[64:], proof, public)
    for wrong in (proof[:-1], bytes(64), b"\xff" * 64, proof[32:] + proof[:32]):
        with pytest.raises(ProofError):
            asked.unblind(evaluated, wrong, public)
    order = 2**252 + 27742317777372353535851937790883648493
    again = (int.from_bytes(proof[32:], "little") + order).to_bytes(32, "little")  # the same number, another proof
    with pytest.raises(ProofError, match="below the order"):
        asked.unblind(evaluated, proof[:32] + again, public)


@pytest.mark.parametrize("wrong", [IDENTITY, *NO_ELEMENTS])
def test_the_identity_and_points_that_are_not_canonical_are_refused_on_both_sides(wrong: bytes) -> None:
    asked = blinding.blind(SEED, KEYS, 10)
    evaluated, proof = oprf.evaluate(SECRET, asked.elements)
    with pytest.raises(ElementError, match="at place 9"):
        oprf.evaluate(SECRET, asked.elements[:-32] + wrong)
    with pytest.raises(ElementError, match="at place 1"):
        asked.unblind(evaluated[:32] + wrong + evaluated[64:], proof, oprf.public(SECRET))
    with pytest.raises(ElementError, match="public key"):
        asked.unblind(evaluated, proof, wrong)


def test_what_has_another_length_is_refused() -> None:
    asked = blinding.blind(SEED, KEYS, 10)
    evaluated, proof = oprf.evaluate(SECRET, asked.elements)
    for wrong in (b"", evaluated[:-1], evaluated[:-32], evaluated + evaluated[:32]):
        with pytest.raises(ElementError, match=f"expected 10 evaluated elements, got {len(wrong)} bytes"):
            asked.unblind(wrong, proof, oprf.public(SECRET))
    for wrong in (b"", bytes(31), evaluated[:32] * 65_536):
        with pytest.raises(ElementError, match=f"got {len(wrong)} bytes"):
            oprf.evaluate(SECRET, wrong)
    with pytest.raises(InputError, match="secret: expected 32 bytes, got 31"):
        oprf.public(bytes(31))


@pytest.mark.parametrize(
    ("seed", "keys", "width"),
    [
        (bytes(31), KEYS, 10),
        (SEED, (), 10),
        (SEED, ("",), 10),
        (SEED, KEYS, 2),
        (SEED, KEYS, 25_001),
        (SEED, ("x" * 65_536,), 10),
    ],
)
def test_what_cannot_be_blinded_is_refused(seed: bytes, keys: tuple[str, ...], width: int) -> None:
    with pytest.raises(InputError, match="expected"):
        blinding.blind(seed, keys, width)


def test_inverses_of_many_scalars_at_once() -> None:
    scalars = [rbcl.crypto_core_ristretto255_scalar_random() for _ in range(5)]
    assert suite.inverted(scalars) == [rbcl.crypto_core_ristretto255_scalar_invert(one) for one in scalars]
    assert suite.inverted([]) == []


def test_loading_libsodium_leaves_no_file_behind(tmp_path: Path) -> None:
    # The library leaves the file it unpacks itself into at every start.
    command = [
        sys.executable,
        "-c",
        "from passerelle.search import blinding as b; print(b.blind(bytes(32), ['k'], 10).width)",
    ]
    done = subprocess.run(
        command, capture_output=True, text=True, env={**os.environ, "TMPDIR": str(tmp_path)}, check=True
    )
    assert done.stdout == "10\n"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("elements", "keys"),
    [(10, 10), (49, 10), (50, 50), (99, 50), (250, 250), (499, 250), (500, 500), (1499, 1000), (10**9, 25_000)],
)
def test_a_question_of_so_many_keys_has_no_more_elements(elements: int, keys: int) -> None:
    assert blinding.most_keys(elements) == keys
    assert blinding.width_of(keys) <= elements
