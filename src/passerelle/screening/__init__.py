"""Own lists and travellers, in clear: read here, compared with each other."""
