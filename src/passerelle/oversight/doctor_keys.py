"""What is wrong with where a node and its private keys are, in words. As in `doctor`: functions of values."""

from collections.abc import Iterator, Sequence

from passerelle.core.words import _, n_
from passerelle.oversight.doctor import Finding


def custody(places: Sequence[str], half: int, reason: str, folder: str) -> Iterator[Finding]:
    """Every private key in use can be used. `places`: where each is (`custody.place_of`); `half`: how many files are in
    clear beside sealed ones; `reason`: why one cannot be used, or nothing.
    """
    if reason:
        what = _("a private key in use cannot be used: {reason}", reason=reason)
        yield Finding("keys", "error", what, f"passerelle keys check {folder}")
    if half:
        what = n_(
            "{count} private file is in clear, although others are sealed",
            "{count} private files are in clear, although others are sealed",
            half,
        )
        yield Finding("keys", "warning", what, f"passerelle keys protect {folder}")
    if not reason and not half:
        clear, sealed = places.count("clear"), places.count("sealed")
        fields = {"clear": clear, "sealed": sealed, "token": len(places) - clear - sealed}
        what = _("private keys: {clear} in clear files, {sealed} in sealed files, {token} in a token", **fields)
        yield Finding("keys", "ok", what)


def place(elsewhere: str, folder: str) -> Iterator[Finding]:
    """The node is where it served last. `elsewhere`: where that is, when it is not here."""
    if elsewhere:
        what = _("this node served last at {place}: it is a copy, or was moved, and serves nothing", place=elsewhere)
        yield Finding("place", "error", what, f"passerelle node confirm {folder} --reason …")
    else:
        yield Finding("place", "ok", _("the node is where it was made or served last"))
