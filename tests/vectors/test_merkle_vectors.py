"""The published proofs of transparency-dev/merkle, right and wrong ones: all are judged as they are labelled."""

import base64
import json
import os
import tarfile
from pathlib import Path

import pytest

from passerelle.core.errors import ProofError
from passerelle.ledger import merkle

DATA = Path(os.environ.get("PASSERELLE_DATA", Path(__file__).parents[3] / "shared" / "data"))
ARCHIVE = DATA / "vectors" / "merkle.tar.gz"


def _hash(text):
    return base64.b64decode(text or "")


def _judge(case):
    path = [_hash(node) for node in case["proof"] or []]
    try:
        if "leafIdx" in case and "start" in case:
            leaf, root = _hash(case["leafHash"]), _hash(case["root"])
            merkle.verify_subtree_inclusion(case["leafIdx"], case["start"], case["end"], leaf, path, root)
        elif "leafIdx" in case:
            leaf, root = _hash(case["leafHash"]), _hash(case["root"])
            merkle.verify_inclusion(case["leafIdx"], case["treeSize"], leaf, path, root)
        elif "start" in case:
            roots = _hash(case["root1"]), _hash(case["root2"])
            merkle.verify_subtree_consistency(case["start"], case["end"], case["size"], path, *roots)
        else:
            roots = _hash(case["root1"]), _hash(case["root2"])
            merkle.verify_consistency(case["size1"], case["size2"], path, *roots)
    except ProofError:
        return False
    return True


def test_all_vectors_are_judged_as_labelled():
    if not ARCHIVE.exists():
        pytest.skip(f"the vectors are not at {ARCHIVE}; set PASSERELLE_DATA to the folder that has them")
    judged = {True: 0, False: 0}
    with tarfile.open(ARCHIVE) as archive:
        for member in archive:
            if not member.name.endswith(".json"):
                continue
            case = json.load(archive.extractfile(member))
            assert _judge(case) == (not case["wantErr"]), (member.name, case["desc"])
            judged[not case["wantErr"]] += 1
    assert judged[True] > 30
    assert judged[False] > 400
