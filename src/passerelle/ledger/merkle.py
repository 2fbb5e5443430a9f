"""Merkle trees of RFC 6962 section 2.1 (SHA-256): roots, inclusion and consistency proofs.

A log is kept without interior nodes of its own: each leaf carries the hashes of the subtrees that it completes
(leaf i completes one subtree for each trailing one bit of i, and itself), and the log carries its `frontier`, the full
subtrees at its right edge, largest first. Appending costs the hashes it must; any root or proof reads O(log n) leaves.

Verification follows RFC 9162 section 2.1.3.2 and 2.1.4.2. Nothing here knows keys or stores.
"""

import hashlib
from collections.abc import Callable, Sequence

from passerelle.core.errors import ProofError

HASH = 32
EMPTY_ROOT = hashlib.sha256(b"").digest()
_sha256 = hashlib.sha256

Subtree = Callable[[int, int], bytes]
"""Gives the hash of the full subtree of 2^level leaves that ends with leaf `last`: (last, level) -> 32 bytes."""


class Kept:
    """Subtrees of a tree that is kept leaf by leaf, each leaf read once.

    `read` gives the hashes that stand with a leaf: of the subtrees that it completes, lowest first, 32 bytes each.
    """

    def __init__(self, read: Callable[[int], bytes]) -> None:
        self._read = read
        self._nodes: dict[int, bytes] = {}

    def subtree(self, last: int, level: int) -> bytes:
        """See `Subtree`. Raises what `read` raises for a leaf that is not there."""
        nodes = self._nodes.get(last)
        if nodes is None:
            nodes = self._nodes[last] = self._read(last)
        return nodes[HASH * level : HASH * (level + 1)]


def leaf_hash(leaf: bytes) -> bytes:
    """SHA-256(0x00, leaf)."""
    return _sha256(b"\x00" + leaf).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """SHA-256(0x01, left, right)."""
    return _sha256(b"\x01" + left + right).digest()


class Tree:
    """A growing tree of which only the right edge is held."""

    def __init__(self, size: int = 0, frontier: bytes = b"") -> None:
        if len(frontier) != HASH * size.bit_count():
            raise ProofError(f"expected a frontier of {size.bit_count()} hashes, got {len(frontier) / HASH:g}")
        self.size = size
        self._edge = [frontier[i : i + HASH] for i in range(0, len(frontier), HASH)]

    @property
    def frontier(self) -> bytes:
        return b"".join(self._edge)

    def append(self, leaf: bytes) -> bytes:
        """Add a leaf. Returns the hashes of the subtrees it completes, lowest first, 32 bytes each."""
        return self.push(leaf_hash(leaf))

    def push(self, node: bytes) -> bytes:
        """Add a leaf by its hash, or, in a tree of subtrees of one size, a subtree by its own. Returns as `append`."""
        nodes = [node]
        rest = self.size
        while rest & 1:
            node = node_hash(self._edge.pop(), node)
            nodes.append(node)
            rest >>= 1
        self._edge.append(node)
        self.size += 1
        return b"".join(nodes)

    def extend(self, hashes: Sequence[bytes]) -> None:
        """Add many leaves by their hashes, whole subtrees at once."""
        at = 0
        while at < len(hashes):
            level = min((len(hashes) - at).bit_length() - 1, _level(self.size))
            count = 1 << level
            nodes = list(hashes[at : at + count])
            while len(nodes) > 1:
                pairs = iter(nodes)
                nodes = [_sha256(b"\x01" + left + right).digest() for left, right in zip(pairs, pairs, strict=True)]
            node, rest = nodes[0], self.size >> level
            while rest & 1:
                node = node_hash(self._edge.pop(), node)
                rest >>= 1
            self._edge.append(node)
            self.size += count
            at += count

    def root(self) -> bytes:
        """The root hash; of the empty tree SHA-256 of nothing."""
        if not self._edge:
            return EMPTY_ROOT
        node = self._edge[-1]
        for left in reversed(self._edge[:-1]):
            node = node_hash(left, node)
        return node


def _level(size: int) -> int:
    """The largest subtree that can follow so many leaves, as a power of two."""
    return (size & -size).bit_length() - 1 if size else 62


def edge_of(size: int) -> list[tuple[int, int]]:
    """The full subtrees at the right edge of a tree, largest first, as (last leaf, level)."""
    found = []
    end = 0
    for level in reversed(range(size.bit_length())):
        if size >> level & 1:
            end += 1 << level
            found.append((end - 1, level))
    return found


def _range(subtree: Subtree, start: int, end: int) -> bytes:
    """The hash of leaves [start, end) where start is a multiple of the range's enclosing power of two."""
    node = b""
    for last, level in reversed(edge_of(end - start)):
        left = subtree(start + last, level)
        node = node_hash(left, node) if node else left
    return node


def root_at(subtree: Subtree, size: int) -> bytes:
    """The root of the first `size` leaves."""
    return _range(subtree, 0, size) if size else EMPTY_ROOT


def frontier_at(subtree: Subtree, size: int) -> bytes:
    """The frontier of the first `size` leaves."""
    return b"".join(subtree(last, level) for last, level in edge_of(size))


def inclusion(subtree: Subtree, index: int, size: int) -> list[bytes]:
    """The inclusion proof PATH(index, D[size]), from the leaf's sibling up. Raises ProofError for a bad index."""
    if not 0 <= index < size:
        raise ProofError(f"expected an index below {size}, got {index}")
    path = []
    start, end = 0, size
    while end - start > 1:
        split = start + (1 << (end - start - 1).bit_length() - 1)
        if index < split:
            path.append(_range(subtree, split, end))
            end = split
        else:
            path.append(_range(subtree, start, split))
            start = split
    path.reverse()
    return path


def consistency(subtree: Subtree, first: int, second: int) -> list[bytes]:
    """The consistency proof PROOF(first, D[second]). Raises ProofError unless 0 < first <= second."""
    if not 0 < first <= second:
        raise ProofError(f"expected sizes 0 < first <= second, got {first} and {second}")
    path: list[bytes] = []
    start, end, whole = 0, second, True
    while first != end:
        split = start + (1 << (end - start - 1).bit_length() - 1)
        if first <= split:
            path.append(_range(subtree, split, end))
            end = split
        else:
            path.append(_range(subtree, start, split))
            start, whole = split, False
    if not whole:
        path.append(_range(subtree, start, end))
    path.reverse()
    return path


def _check_hashes(hashes: Sequence[bytes]) -> None:
    for value in hashes:
        if len(value) != HASH:
            raise ProofError(f"expected hashes of {HASH} bytes, got {len(value)}")


def verify_inclusion(index: int, size: int, leaf: bytes, path: Sequence[bytes], root: bytes) -> None:
    """Raises ProofError unless the path proves that the leaf HASH stands at `index` in the tree (RFC 9162, 2.1.3.2)."""
    if not 0 <= index < size:
        raise ProofError(f"expected an index below {size}, got {index}")
    _check_hashes([leaf, *path])
    fn, sn, node = index, size - 1, leaf
    for sibling in path:
        if sn == 0:
            raise ProofError("expected a shorter proof")
        if fn & 1 or fn == sn:
            node = node_hash(sibling, node)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            node = node_hash(node, sibling)
        fn, sn = fn >> 1, sn >> 1
    if sn:
        raise ProofError("expected a longer proof")
    if node != root:
        raise ProofError("expected the proof to reach the root, got another hash")


def verify_consistency(first: int, second: int, path: Sequence[bytes], root1: bytes, root2: bytes) -> None:
    """Raises ProofError unless the path proves that the first tree is a prefix of the second (RFC 9162, 2.1.4.2).

    A tree is a prefix of itself with an empty proof. From the empty tree nothing can be proven but to itself.
    """
    if first == 0 < second:
        raise ProofError("expected a first tree with leaves; the empty tree proves nothing")
    if first == second and root1 != root2:
        raise ProofError("expected equal roots for equal sizes")
    verify_subtree_consistency(0, first, second, path, root1, root2)


def check_subtree(start: int, end: int) -> None:
    """Raises ProofError unless [start, end) can be a subtree: start a multiple of the size's next power of two."""
    if not 0 <= start <= end or (start and start % (1 << max(end - start - 1, 0).bit_length())):
        raise ProofError(f"expected a subtree, got leaves {start} to {end}")


def verify_subtree_inclusion(index: int, start: int, end: int, leaf: bytes, path: Sequence[bytes], root: bytes) -> None:
    """Raises ProofError unless the path proves the leaf HASH at `index` in the subtree [start, end) with this root."""
    check_subtree(start, end)
    verify_inclusion(index - start, end - start, leaf, path, root)


def verify_subtree_consistency(
    start: int, end: int, size: int, path: Sequence[bytes], subtree: bytes, root: bytes
) -> None:
    """Raises ProofError unless the path proves the subtree [start, end) a part of the tree of `size` leaves.

    The verification of RFC 9162, 2.1.4.2, for any subtree (draft-ietf-plants-merkle-tree-certs). An empty subtree is
    part of any tree that reaches it.
    """
    _check_hashes(path)
    check_subtree(start, end)
    if end > size:
        raise ProofError(f"expected a subtree within {size} leaves, got {start} to {end}")
    if start == end:
        if path or subtree != EMPTY_ROOT:
            raise ProofError("expected the root of the empty tree and an empty proof")
        return
    fn, sn, tn = start, end - 1, size - 1
    while fn != sn and (sn == tn or sn & 1):
        fn, sn, tn = fn >> 1, sn >> 1, tn >> 1
    if fn != sn and not path:
        raise ProofError("expected a longer proof")
    nodes = [subtree, *path] if fn == sn else list(path)
    old = new = nodes[0]
    for sibling in nodes[1:]:
        if tn == 0:
            raise ProofError("expected a shorter proof")
        if sn & 1 or sn == tn:
            if fn < sn:
                old = node_hash(sibling, old)
            new = node_hash(sibling, new)
            while not sn & 1:
                fn, sn, tn = fn >> 1, sn >> 1, tn >> 1
        else:
            new = node_hash(new, sibling)
        fn, sn, tn = fn >> 1, sn >> 1, tn >> 1
    if tn:
        raise ProofError("expected a longer proof")
    if old != subtree or new != root:
        raise ProofError("expected the proof to reach both roots, got another hash")
