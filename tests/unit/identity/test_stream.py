"""Chunks open only in their place, under their key, and whole."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from passerelle.core.errors import SealError
from passerelle.identity import stream
from passerelle.identity.stream import CHUNK, open_chunk, seal_chunk

KEY = bytes(range(32))


@given(st.binary(min_size=1, max_size=300), st.integers(0, 2**40))
def test_what_is_sealed_opens(plain: bytes, number: int) -> None:
    sealed = seal_chunk(KEY, number, True, plain)
    assert len(sealed) == stream.sealed_size(len(plain))
    assert open_chunk(KEY, number, True, sealed) == plain


def test_a_chunk_opens_in_its_own_place_alone() -> None:
    full = seal_chunk(KEY, 3, False, bytes(CHUNK))
    assert open_chunk(KEY, 3, False, full) == bytes(CHUNK)
    changed = full[:-1] + bytes([full[-1] ^ 1])
    for key, number, last, sealed in (
        (KEY, 4, False, full),  # moved
        (KEY, 3, True, full),  # the rest cut off behind it
        (bytes(32), 3, False, full),
        (KEY, 3, False, changed),
    ):
        with pytest.raises(SealError):
            open_chunk(key, number, last, sealed)


@pytest.mark.parametrize(("size", "last"), [(0, True), (0, False), (CHUNK - 1, False), (CHUNK + 1, True)])
def test_chunks_have_one_size(size: int, last: bool) -> None:
    with pytest.raises(SealError, match="expected a chunk of"):
        seal_chunk(KEY, 0, last, bytes(size))
    with pytest.raises(SealError, match="expected a chunk of"):
        open_chunk(KEY, 0, last, bytes(size + stream.TAG))


def test_sizes() -> None:
    assert [stream.chunks_in(size) for size in (0, 1, CHUNK, CHUNK + 1)] == [0, 1, 1, 2]
    assert stream.sealed_size(4 * 1024**3) == 4 * 1024**3 + 16 * 65536
