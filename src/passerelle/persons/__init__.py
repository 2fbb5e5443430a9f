"""Persons as they are known: names, births, places, documents, numbers; read, compared and explained."""
