"""The command `./run words`: bring the catalogues up to date, or say what is wrong with them."""

import sys
from collections.abc import Sequence

from tools.words import catalogues
from tools.words.find import all_texts

USAGE = "usage: ./run words [check | update]"
_SHOWN = 20


def main(arguments: Sequence[str]) -> int:
    """`check` (the default): 1 when something is wrong. `update`: the files follow the source, then as `check`."""
    if list(arguments) not in ([], ["check"], ["update"]):
        sys.stderr.write(f"{USAGE}\n")
        return 2
    texts = all_texts()
    if "update" in arguments:
        for language in catalogues.LANGUAGES:
            made = catalogues.renewed(texts, language, catalogues.read(language))
            catalogues.path(language, "po").write_bytes(catalogues.text_of(made))
            catalogues.path(language, "mo").write_bytes(catalogues.compiled(language, texts))
    failed = 0
    for language in catalogues.LANGUAGES:
        found = list(catalogues.wrong(texts, language))
        failed += len(found)
        lacking = sum(": not translated: " in one or ": not in the catalogue: " in one for one in found)
        sys.stdout.write(f"{language}: {len(texts)} texts, {lacking} without translation, {len(found)} problems\n")
        for line in found[:_SHOWN]:
            sys.stdout.write(f"  {line}\n")
        if len(found) > _SHOWN:
            sys.stdout.write(f"  and {len(found) - _SHOWN} more\n")
    return 1 if failed else 0


sys.exit(main(sys.argv[1:]))
