"""Properties of trees, notes, checkpoints and proofs."""

import functools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from passerelle.core.errors import LedgerError, PasserelleError, ProofError, SignatureError
from passerelle.core.ids import new_id
from passerelle.identity import keys
from passerelle.ledger import checkpoint, entry, merkle, note, proof

leaves = st.lists(st.binary(max_size=40), min_size=1, max_size=70)


def _grow(data, base=0, frontier=b""):
    tree = merkle.Tree(base, frontier)
    nodes, roots = [], [tree.root()]
    for leaf in data:
        nodes.append(tree.append(leaf))
        roots.append(tree.root())
    return tree, nodes, roots


def _naive_root(data):
    """MTH of RFC 6962, section 2.1, word for word."""
    if not data:
        return merkle.EMPTY_ROOT
    if len(data) == 1:
        return merkle.leaf_hash(data[0])
    split = 1
    while split * 2 < len(data):
        split *= 2
    return merkle.node_hash(_naive_root(data[:split]), _naive_root(data[split:]))


@given(leaves)
def test_roots_are_those_of_the_rfc_and_survive_a_restart_anywhere(data):
    tree, nodes, roots = _grow(data)

    def subtree(last, level):
        return nodes[last][32 * level : 32 * level + 32]

    for size in range(len(data) + 1):
        assert roots[size] == _naive_root(data[:size])
        assert merkle.root_at(subtree, size) == roots[size]
        again, _, _ = _grow(data[size:], size, merkle.frontier_at(subtree, size))
        assert again.root() == tree.root()
        assert again.frontier == tree.frontier


@given(leaves, st.data())
def test_inclusion_holds_for_its_leaf_and_for_no_other(data, draw):
    _, nodes, roots = _grow(data)
    size = draw.draw(st.integers(1, len(data)))
    index = draw.draw(st.integers(0, size - 1))
    path = merkle.inclusion(lambda last, level: nodes[last][32 * level :][:32], index, size)
    leaf = merkle.leaf_hash(data[index])
    merkle.verify_inclusion(index, size, leaf, path, roots[size])
    with pytest.raises(ProofError):
        merkle.verify_inclusion(index, size, merkle.leaf_hash(data[index] + b"!"), path, roots[size])
    others = [i for i in range(size) if data[i] != data[index]]
    if others:
        other = draw.draw(st.sampled_from(others))
        with pytest.raises(ProofError):
            merkle.verify_inclusion(other, size, leaf, path, roots[size])


@given(leaves, st.data())
def test_consistency_holds_for_prefixes_only(data, draw):
    _, nodes, roots = _grow(data)
    second = draw.draw(st.integers(1, len(data)))
    first = draw.draw(st.integers(1, second))
    path = merkle.consistency(lambda last, level: nodes[last][32 * level :][:32], first, second)
    merkle.verify_consistency(first, second, path, roots[first], roots[second])
    forked = [data[0] + b"!", *data[1:first]]
    with pytest.raises(ProofError):
        merkle.verify_consistency(first, second, path, _naive_root(forked), roots[second])


@functools.cache
def _keys(name):
    return keys.NodeKeys(name, keys.generate(name))


def _verifiers(signers):
    return tuple(signer.verifier for signer in signers)


@given(st.integers(0, 2**40), st.binary(min_size=32, max_size=32), st.integers(0, 2**33))
@settings(max_examples=25)
def test_a_checkpoint_and_its_receipt_survive_writing_and_reading(size, root, seconds):
    signed = checkpoint.sign(_keys("be").log, checkpoint.origin("be", "ma", "routine", 1), size, root)
    both = checkpoint.with_signatures(signed, checkpoint.cosign(_keys("ma").receipt, signed, seconds))
    read = checkpoint.parse(both.note.encode())
    assert (read.origin, read.size, read.root) == (signed.origin, size, root)
    checkpoint.verify(read, _verifiers(_keys("be").log))
    assert checkpoint.verify_cosignature(read, _verifiers(_keys("ma").receipt)) == seconds


@given(st.data())
@settings(max_examples=60)
def test_no_changed_byte_of_a_receipt_goes_unseen(draw):
    signed = _receipt()
    text = bytearray(signed.note.encode())
    at = draw.draw(st.integers(0, len(text) - 1))
    text[at] ^= draw.draw(st.integers(1, 255))
    with pytest.raises(PasserelleError):
        _read_receipt(bytes(text))


def _read_receipt(text):
    read = checkpoint.parse(text)
    checkpoint.verify(read, _verifiers(_keys("be").log))
    checkpoint.verify_cosignature(read, _verifiers(_keys("ma").receipt))


@functools.cache
def _receipt():
    signed = checkpoint.sign(_keys("be").log, checkpoint.origin("be", "ma", "flash", 1), 3, b"r" * 32)
    return checkpoint.with_signatures(signed, checkpoint.cosign(_keys("ma").receipt, signed, 1_700_000_000))


def test_one_key_makes_one_kind_of_statement():
    signed = _receipt()
    with pytest.raises(SignatureError):
        checkpoint.verify(signed, _verifiers(_keys("be").receipt))
    with pytest.raises(SignatureError):
        checkpoint.verify_cosignature(signed, _verifiers(_keys("ma").log))
    bare = checkpoint.sign(_keys("be").log, signed.origin, 3, b"r" * 32)
    with pytest.raises(SignatureError, match="ma/receipt"):
        checkpoint.verify_cosignature(bare, _verifiers(_keys("ma").receipt))


@given(st.integers(0, 2**50), st.integers(0, 2**50), st.integers(0, 2**20), st.binary(min_size=32, max_size=32))
def test_a_leaf_survives_writing_and_reading(index, time, size, commitment):
    leaf = entry.Leaf("passerelle/be/ma/routine/1", index, time, new_id(), size, commitment)
    assert entry.parse(leaf.encode()) == leaf


@given(st.binary(max_size=300))
def test_garbage_is_no_leaf_note_or_proof(data):
    for read in (entry.parse, note.parse, checkpoint.parse, lambda raw: proof.parse(raw.decode("latin-1"))):
        with pytest.raises(LedgerError):
            read(data)


@given(leaves, st.data())
@settings(max_examples=30)
def test_a_proof_survives_writing_and_reading(data, draw):
    _, nodes, roots = _grow(data)
    index = draw.draw(st.integers(0, len(data) - 1))
    head = checkpoint.sign(_keys("be").log, checkpoint.origin("be", "ma", "routine", 1), len(data), roots[-1])
    path = merkle.inclusion(lambda last, level: nodes[last][32 * level :][:32], index, len(data))
    made = proof.make(index, path, head)
    read = proof.parse(str(made))
    assert str(read) == str(made)
    read.verify(data[index])
    with pytest.raises(ProofError):
        read.verify(data[index] + b"!")
