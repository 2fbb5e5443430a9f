"""Append-only Merkle logs: hashing, entries, signed notes, checkpoints, cosignatures, proofs."""
