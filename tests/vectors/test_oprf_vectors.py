"""The vectors of RFC 9497, suite ristretto255-SHA512, modes OPRF and VOPRF, on both sides: `voprf` and libsodium."""

import gzip
import json
import os
from pathlib import Path
from typing import Any

import pytest
import rbcl
from voprf import ristretto

from passerelle.core.errors import ProofError
from passerelle.search import suite

DATA = Path(os.environ.get("PASSERELLE_DATA", Path(__file__).parents[3] / "shared" / "data"))
PACKED = DATA / "vectors" / "rfc9497.json.gz"


def unhexed(text: str) -> list[bytes]:
    return [bytes.fromhex(one) for one in text.split(",")]


def vectors_of(mode: int) -> dict[str, Any]:
    if not PACKED.exists():
        pytest.skip(f"the vectors are not at {PACKED}; set PASSERELLE_DATA to the folder that has them")
    found = json.loads(gzip.decompress(PACKED.read_bytes()))
    (one,) = [one for one in found if one["identifier"] == "ristretto255-SHA512" and one["mode"] == mode]
    return one  # type: ignore[no-any-return]


@pytest.mark.parametrize("mode", [suite.OPRF, suite.VOPRF])
def test_blinding_evaluating_and_finalizing(mode: int) -> None:
    of = vectors_of(mode)
    assert b"HashToGroup-" + suite.context(mode) == bytes.fromhex(of["groupDST"])
    key = bytes.fromhex(of["skSm"])
    for one in of["vectors"]:
        inputs, blinds = unhexed(one["Input"]), unhexed(one["Blind"])
        blinded, evaluated = unhexed(one["BlindedElement"]), unhexed(one["EvaluationElement"])
        made = [suite.multiplied(b, suite.hash_to_group(i, mode)) for b, i in zip(blinds, inputs, strict=True)]
        assert made == blinded
        assert [suite.multiplied(key, element) for element in blinded] == evaluated
        plain = [suite.multiplied(b, e) for b, e in zip(suite.inverted(blinds), evaluated, strict=True)]
        outputs = [suite.finalized(i, element) for i, element in zip(inputs, plain, strict=True)]
        assert outputs == unhexed(one["Output"])


def test_proofs_of_one_and_of_a_batch_of_two() -> None:
    of = vectors_of(suite.VOPRF)
    public = bytes.fromhex(of["pkSm"])
    assert rbcl.crypto_scalarmult_ristretto255_base(bytes.fromhex(of["skSm"])) == public
    sizes = []
    for one in of["vectors"]:
        blinded, evaluated = unhexed(one["BlindedElement"]), unhexed(one["EvaluationElement"])
        proof = bytes.fromhex(one["Proof"]["proof"])
        suite.verify(public, blinded, evaluated, proof)
        for place in range(len(proof)):
            wrong = bytearray(proof)
            wrong[place] ^= 1
            with pytest.raises(ProofError):
                suite.verify(public, blinded, evaluated, bytes(wrong))
        sizes.append(len(blinded))
    assert sizes == [1, 1, 2]


def test_the_evaluating_library_agrees_with_the_vectors_and_its_proofs_hold_here() -> None:
    # The library draws the randomness of a proof itself. So the proofs of the vectors are verified above; here the
    # library must give the vectors' elements, and a proof that the other side accepts.
    of = vectors_of(suite.VOPRF)
    evaluator = ristretto.Evaluator.from_seed(bytes.fromhex(of["seed"]), bytes.fromhex(of["keyInfo"]))
    assert evaluator.public_key.serialize() == bytes.fromhex(of["pkSm"])
    for one in of["vectors"]:
        blinded, evaluated = unhexed(one["BlindedElement"]), unhexed(one["EvaluationElement"])
        answer = evaluator.evaluate_batch([ristretto.BlindedInput.deserialize(b) for b in blinded]).serialize()
        assert answer[suite.PROOF :] == b"".join(evaluated)
        suite.verify(bytes.fromhex(of["pkSm"]), blinded, evaluated, answer[: suite.PROOF])
        known = [evaluator.evaluate_known_input(data) for data in unhexed(one["Input"])]
        assert known == unhexed(one["Output"])
