"""Passerelle: the node that services of two states run to exchange under what both have signed, and nothing else."""

__version__ = "0.1.0"
