"""The address that pieces give is the RFC 6962 root over all chunks, and each piece proves itself against it."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from passerelle.core.errors import ProofError
from passerelle.identity.stream import CHUNK, chunks_in, seal_chunk, sealed_size
from passerelle.ledger import merkle, pieces
from passerelle.ledger.pieces import CHUNKS, PIECE

KEY = bytes(32)
MIB = 1024 * 1024
SIZES = st.one_of(
    st.integers(1, 3 * MIB),
    st.tuples(st.integers(0, 9), st.sampled_from((-1, 0, 1))).map(lambda at: max(1, at[0] * MIB + at[1])),
)


def seal(size: int) -> bytes:
    last = chunks_in(size) - 1
    parts = [seal_chunk(KEY, at, at == last, bytes(min(CHUNK, size - at * CHUNK))) for at in range(last + 1)]
    return b"".join(parts)


def split(sealed: bytes) -> list[bytes]:
    return [sealed[start : start + PIECE] for start in range(0, len(sealed), PIECE)]


def tree_of(bodies: list[bytes]) -> tuple[merkle.Tree, merkle.Kept]:
    tree = merkle.Tree()
    kept = [tree.push(pieces.node_of(body)) for body in bodies]
    return tree, merkle.Kept(kept.__getitem__)


@settings(max_examples=25)
@given(SIZES, st.data())
def test_a_file_has_the_root_over_its_chunks_and_each_piece_proves_itself(size: int, data: st.DataObject) -> None:
    sealed = seal(size)
    assert len(sealed) == sealed_size(size)
    whole = merkle.Tree()
    for chunk in pieces.chunks_of(sealed):
        whole.append(bytes(chunk))
    bodies = split(sealed)
    tree, kept = tree_of(bodies)
    assert tree.root() == whole.root()
    assert [len(body) for body in bodies] == [pieces.length_of(size, at) for at in range(len(bodies))]
    number = data.draw(st.integers(0, len(bodies) - 1))
    path = pieces.path_of(kept.subtree, size, number)
    assert pieces.verify(tree.root(), size, number, bodies[number], path) == pieces.node_of(bodies[number])
    at = data.draw(st.integers(0, len(bodies[number]) - 1))
    changed = bytearray(bodies[number])
    changed[at] ^= 1
    with pytest.raises(ProofError):
        pieces.verify(tree.root(), size, number, bytes(changed), path)


@given(st.integers(1, 5000), st.integers(1, CHUNKS), st.data())
def test_paths_hold_for_files_of_any_length(count: int, last: int, data: st.DataObject) -> None:
    """As many pieces as a file of 5 GiB has, without its bytes: hashes alone."""
    hashes = [count.to_bytes(4, "big") * 8 for count in range(count)]
    tree = merkle.Tree()
    kept = [tree.push(one) for one in hashes]
    size = ((count - 1) * CHUNKS + last) * CHUNK
    number = data.draw(st.integers(0, count - 1))
    path = pieces.path_of(merkle.Kept(kept.__getitem__).subtree, size, number)
    merkle.verify_inclusion(number, pieces.pieces_in(size), hashes[number], path, tree.root())
    assert len(path) <= pieces.MAX_PATH


def test_another_size_or_place_is_not_proven() -> None:
    size = 2 * MIB + 5
    bodies = split(seal(size))
    tree, kept = tree_of(bodies)
    path = pieces.path_of(kept.subtree, size, 1)
    for wrong_size, number in ((size, 0), (2 * MIB, 1), (MIB, 0), (size + 9 * MIB, 1)):
        with pytest.raises(ProofError):
            pieces.verify(tree.root(), wrong_size, number, bodies[1], path)
    for wrong_size in (size - 1, size + 1, size + MIB, size - MIB):
        last = pieces.pieces_in(wrong_size) - 1
        body = bodies[min(last, 2)].ljust(pieces.length_of(wrong_size, last), b"0")
        for number in range(3):
            with pytest.raises(ProofError):
                pieces.verify(tree.root(), wrong_size, last, body, pieces.path_of(kept.subtree, size, number))
    with pytest.raises(ProofError, match="expected 21 bytes of piece 2, got 20"):
        pieces.verify(tree.root(), size, 2, bodies[2][:-1], [])


def test_a_file_of_nothing_has_no_address() -> None:
    with pytest.raises(ProofError, match="expected a file of at least 1 byte, got 0"):
        pieces.pieces_in(0)
    with pytest.raises(ProofError, match="expected a piece below 4096, got 4096"):
        pieces.length_of(4 * 1024**3, 4096)
    assert pieces.length_of(4 * 1024**3, 4095) == PIECE
    assert pieces.length_of(4 * 1024**3 + 1, 4096) == 17
