"""The one root of errors, and the branch of each package.

Rules kept here:
- every error of the product descends from `PasserelleError`; a package has one branch, names end in `Error`;
- a message says what was expected and what was found; it never carries content of a dossier;
- no transport status and no exit code lives here: doors translate, with `CODES` of their own.
"""


class PasserelleError(Exception):
    """The root. The docstring of each class is its message when none is given."""

    def __init__(self, message: str | None = None) -> None:
        super().__init__(message or (type(self).__doc__ or "").strip().splitlines()[0])


class InputError(PasserelleError):
    """What was given is not of the form that is expected."""


class JsonError(InputError):
    """The text is not the strict JSON that is expected."""


class XmlError(InputError):
    """The text is not the strict XML that is expected. `line` and `column` count from 1, 0 where none is known."""

    def __init__(self, message: str | None = None, line: int = 0, column: int = 0) -> None:
        super().__init__(message)
        self.line, self.column = line, column


class SettingsError(InputError):
    """The settings are wrong."""


class NotFoundError(InputError):
    """What was named is not there."""


class StateError(PasserelleError):
    """The thing is not in a state that allows this."""


class IdentityError(PasserelleError):
    """Something is wrong with keys or identities."""


class KeyFileError(IdentityError):
    """A key file is missing, readable by others, or not a key."""


class TokenError(KeyFileError):
    """A key in a token cannot be used now."""


class SignatureError(IdentityError):
    """A signature does not verify."""


class SealError(IdentityError):
    """A sealed message does not open."""


class LedgerError(PasserelleError):
    """Something is wrong with a log."""


class NoteError(LedgerError):
    """A signed note is malformed."""


class ProofError(LedgerError):
    """A proof does not hold."""


class InstrumentError(PasserelleError):
    """Something is wrong with an instrument."""


class DossierError(PasserelleError):
    """Something is wrong with a dossier, its type or an act."""


class ForbiddenError(PasserelleError):
    """The channel does not allow this."""


class SearchError(PasserelleError):
    """The blind search failed."""


class ElementError(SearchError):
    """What should be an element of the group is not one."""


class TableFullError(SearchError):
    """A table of this size has no room for its match keys."""


class ExchangeError(PasserelleError):
    """The exchange with a partner failed."""


class StoreError(PasserelleError):
    """The store failed."""


class AlreadyThereError(StoreError):
    """A row with this key is already there."""


class BusyError(StoreError):
    """The store is locked by another process; try again."""


class FullError(StoreError):
    """The disk is full; nothing was changed."""


class LeaseLostError(StoreError):
    """Another process has taken over what this one was doing; nothing was changed."""


class SchemaError(StoreError):
    """The store has another schema version than this program."""


class BackupError(PasserelleError):
    """A backup is damaged, cut, or not one."""


class TransportError(PasserelleError):
    """The partner could not be reached, or answered out of form."""
