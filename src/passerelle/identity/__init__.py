"""Keys, signatures, sealing and identities: the only room, with `search`, that knows cryptography."""
