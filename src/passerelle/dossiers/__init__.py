"""Dossiers: what a type allows, whether a content is valid for it, and in which state a dossier is.

`types` reads the catalogue, `content` judges one message by itself, `state` judges it within its dossier. Nothing here
stores, sends or signs; nothing here knows a type by name.
"""
