"""The TOML text of settings: what `init` writes, and one value changed in a file that a person keeps.

Rules kept here:
- `init` writes who the node is, where it listens, and what is no default: a default that is not written stays one, and
  a later program may have a better one;
- a change leaves every other line and comment as it was; where that cannot be done, nothing is changed.

Left unchecked: whether a value is within bounds; `settings.check` judges that when the text is read.
"""

import tomllib

import msgspec

from passerelle.core.errors import SettingsError
from passerelle.core.settings import Settings, parse
from passerelle.core.sources import lines, toml, written

_ABOUT = "# What stands here is in effect; all the rest, with its defaults: passerelle config show FOLDER\n"
_ADMIN = """
# Health and metrics, plain HTTP, for whoever runs the node:
# [admin]
# listen = "127.0.0.1:9464"
"""


def render(settings: Settings) -> str:
    """The TOML text of settings, without what is a default anyway."""
    told, usual = msgspec.to_builtins(settings), msgspec.to_builtins(Settings(settings.node))
    always = {"node": told["node"], "server": {"listen": settings.server.listen}}
    found = {
        section: {key: one for key, one in keys.items() if key in always.get(section, ()) or one != usual[section][key]}
        for section, keys in told.items()
    }
    text = toml({section: keys for section, keys in found.items() if keys})
    return f"{_ABOUT}{text}{'' if settings.admin.listen else _ADMIN}"


def replaced(text: str, section: str, key: str, value: str) -> str:
    """The TOML text with another value of one key, and everything else, comments too, as it was. Raises SettingsError.

    A key that is not there is put below its section, or below a new one.
    """
    places, rows = lines(text), text.splitlines()
    line = f"{key} = {written(value)}"
    if (place := places.get(f"{section}.{key}")) is not None:
        rows[place - 1] = line + _comment(rows[place - 1])
    elif f"[{section}]" in (stripped := [row.partition("#")[0].strip() for row in rows]):
        rows.insert(stripped.index(f"[{section}]") + 1, line)
    else:
        rows += ["", f"[{section}]", line]
    made = "\n".join(rows) + "\n"
    told = parse(text)
    wanted = msgspec.structs.replace(told, **{section: msgspec.structs.replace(getattr(told, section), **{key: value})})
    try:
        right = parse(made) == wanted
    except SettingsError:
        right = False
    if not right:
        raise SettingsError(f"expected {section}.{key} on a line of its own, got another form: set it to {value!r}")
    return made


def _comment(row: str) -> str:
    """The comment behind the value of a line `key = value`, with the space before it."""
    for place, sign in enumerate(row):
        if sign == "#":
            try:
                tomllib.loads(row[:place])
            except tomllib.TOMLDecodeError:
                continue  # within a text
            return row[len(row[:place].rstrip()) :]
    return ""
