"""The answer to "does the channel allow this?": yes, or no with every reason.

A reason names the number of the receiver's check ("7" the instrument is in force, "8" the channel allows the act),
which is all that a remote peer ever learns; the rest is for one's own people. Codes are a closed list, `CODES`, so that
doors can translate them. Reasons carry names of fields, levels and articles, never what a dossier says.
"""

import msgspec

IN_FORCE, ALLOWED = "7", "8"

CODES = {
    # 7: for the channel and for the agreement under which it stands (`path` says which)
    "parties": IN_FORCE,
    "agreement-missing": IN_FORCE,
    "agreement-mismatch": IN_FORCE,
    "own-signature": IN_FORCE,
    "own-cosigned": IN_FORCE,
    "partner-signature": IN_FORCE,
    "rejected": IN_FORCE,
    "not-yet": IN_FORCE,
    "expired": IN_FORCE,
    "superseded": IN_FORCE,
    "terminated": IN_FORCE,
    "late": IN_FORCE,
    # 8
    "type": ALLOWED,
    "type-digest": ALLOWED,
    "act": ALLOWED,
    "lane": ALLOWED,
    "purpose": ALLOWED,
    "purpose-area": ALLOWED,
    "basis": ALLOWED,
    "recipient": ALLOWED,
    "recipient-kind": ALLOWED,
    "sender-kind": ALLOWED,
    "handling": ALLOWED,
    "classification": ALLOWED,
    "retention-form": ALLOWED,
    "retention-long": ALLOWED,
    "retention-past": ALLOWED,
    "field": ALLOWED,
    "special-field": ALLOWED,
    "category": ALLOWED,
    "four-eyes": ALLOWED,
    "size": ALLOWED,
}


class Reason(msgspec.Struct, frozen=True):
    """Why not: number of the check, code (one of `CODES`), where in the request or instrument, expected, got."""

    check: str
    code: str
    path: str
    expected: str
    got: str

    def __str__(self) -> str:
        return f"{self.path}: expected {self.expected}, got {self.got} ({self.code}, check {self.check})"


class Verdict(msgspec.Struct, frozen=True):
    """The answer. `reasons` has all reasons of a no, and is empty for a yes."""

    reasons: tuple[Reason, ...] = ()

    @property
    def allowed(self) -> bool:
        return not self.reasons

    @property
    def checks(self) -> tuple[str, ...]:
        """The numbers of the checks that failed, each once, in order: what a refusal names."""
        return tuple(sorted({reason.check for reason in self.reasons}))


YES = Verdict()


def reason(code: str, path: str, expected: str, got: str) -> Reason:
    """A reason, with the check to which its code belongs."""
    return Reason(CODES[code], code, path, expected, got)
