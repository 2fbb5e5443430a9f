"""Sizes of what is blinded, evaluated and proven: RFC 9497, suite ristretto255-SHA512."""

ELEMENT = 32
"""Bytes of a group element."""
SCALAR = 32
"""Bytes of a scalar."""
PROOF = 64
"""Bytes of a proof: two scalars."""
MOST_INPUT = 65_535
"""Bytes of an input at most."""
MOST_BATCH = 65_535
"""Elements that one proof may be about."""
SECRET = 32
"""Bytes of the secret of an epoch."""
SEED = 32
"""Bytes of the seed of a question."""
MOST_ELEMENTS = 25_000
"""Elements of one question at most; a longer list is several questions."""
