"""Training of the small tables that names are compared with (`passerelle/names/data/weights.json`)."""
