"""Examples of instruments, as persons write them: a start for a text of one's own. All that they name is invented."""

from importlib import resources

from passerelle.core.errors import NotFoundError

NAMES = ("agreement", "channel", "channel-alerts", "channel-identification", "channel-search")


def example(name: str) -> str:
    """The TOML text of an example, one of `NAMES`. Raises NotFoundError."""
    if name not in NAMES:
        raise NotFoundError(f"expected one of {', '.join(NAMES)}, got {name!r}")
    return resources.files("passerelle.instruments.examples").joinpath(f"{name}.toml").read_text("utf-8")
