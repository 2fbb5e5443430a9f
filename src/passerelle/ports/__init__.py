"""What the inner rooms ask of the outside, and what they may rely on: the store, the records, the wire."""
