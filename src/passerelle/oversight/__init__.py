"""What lets others check a node without trusting it: evidence files and their verifier."""
