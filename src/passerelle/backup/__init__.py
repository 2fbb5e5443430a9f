"""Backups, putting them back, and moving a store: a node's folder and store as one whole."""
