"""Bytes over the wire: HTTPS with a pinned certificate. Knows nothing of what the bytes mean."""
