"""Which test shows what of each dossier type: docs/coverage.md, written out of the marks that tests carry."""
