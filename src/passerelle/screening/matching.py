"""What two persons are found by: names, and the numbers of documents.

A document under another name is found by its number, whatever the names say; everything else by names. Finding is no
judgement: what was found is compared (`persons.compare`) and then looked at by a person.
"""

import unicodedata

from passerelle.persons.model import Person

_LEAST = 4
"""Letters and digits without which a number says nothing."""
_LONGEST = 64


def keys_of(person: Person) -> list[str]:
    """The numbers of a person's documents and his own, as they are looked up: `document/AB123`, `number/123`."""
    found = [("document", one.number) for one in person.documents] + [("number", one.value) for one in person.numbers]
    made = {f"{kind}/{text}" for kind, number in found if len(text := _bare(number)) >= _LEAST}
    return sorted(made)


def _bare(number: str) -> str:
    """Letters and digits alone, as capitals: blanks, dots and strokes are written in many ways."""
    plain = unicodedata.normalize("NFKC", number).upper()
    return "".join(letter for letter in plain if letter.isalnum())[:_LONGEST]


def texts_of(person: Person) -> list[str]:
    """The names of a person as they were written."""
    return list(dict.fromkeys(one.text for one in person.names if one.text.strip()))


def scripts_of(texts: list[str]) -> str:
    """The scripts of names, as one word: `Arab`, `Latn`, `Arab+Latn`; `none` where no letter is."""
    from passerelle import names

    return "+".join(sorted({script for text in texts for script in names.scripts(text)})) or "none"
