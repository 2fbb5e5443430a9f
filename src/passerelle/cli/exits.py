"""Exit codes: the one place where an error becomes a number. `passerelle exits` shows this table.

The code of an error is that of the nearest of its classes in `BY_CLASS`. Classes stand here by name, so that looking
an error up imports nothing.
"""

from passerelle.core.words import N_

DONE, FAILED, USAGE, NOT_FOUND, REFUSED, BUSY, PARTNER, KEYS, BUG = 0, 1, 2, 3, 4, 5, 6, 7, 70

MEANING = {
    DONE: N_("done"),
    FAILED: N_("a verification or a step failed"),
    USAGE: N_("wrong usage or input"),
    NOT_FOUND: N_("what was named is not there"),
    REFUSED: N_("refused by rule: channel, state, four eyes"),
    BUSY: N_("busy, or the store cannot: in use, locked, full, of another version"),
    PARTNER: N_("the partner could not be reached, or refused"),
    KEYS: N_("something is wrong with keys or an identity"),
    BUG: N_("an error that should not happen: please report it"),
}

BY_CLASS = {
    "NotFoundError": NOT_FOUND,
    "InputError": USAGE,
    "StateError": REFUSED,
    "IdentityError": KEYS,
    "LedgerError": FAILED,
    "InstrumentFormError": USAGE,
    "InstrumentError": REFUSED,
    "DossierError": USAGE,
    "ForbiddenError": REFUSED,
    "ContentError": USAGE,
    "ExchangeError": PARTNER,
    "StoreError": BUSY,
    "TransportError": PARTNER,
    "PasserelleError": FAILED,
    "TyperException": USAGE,
    "OSError": FAILED,
}


def code_of(error: BaseException) -> int:
    """The exit code of an error."""
    objections = getattr(error, "objections", ())
    if objections and all(str(one.check) == "9" for one in objections):
        return USAGE  # the act itself is malformed; no rule was asked
    for one in type(error).__mro__:
        if one.__name__ in BY_CLASS:
            return BY_CLASS[one.__name__]
    return BUG
