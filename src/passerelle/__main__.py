"""`python -m passerelle`: the command line."""

from passerelle.cli import main

main()
