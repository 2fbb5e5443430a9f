"""The dossier types as data: `envelope.toml` and `common.toml`, then one file per type. No code.

Read by `passerelle.dossiers.types`; what a file may say is told in `passerelle.dossiers.reading`.
"""
