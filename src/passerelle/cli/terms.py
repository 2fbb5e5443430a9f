"""Words of closed lists, as they are shown: states, directions, kinds. JSON keeps the words of the code.

A word that is not here is shown as it is: names of acts, types, lanes, purposes and articles are what instruments and
commands say, in every language the same; their labels stand beside them.
"""

from passerelle.core.words import N_, _

TERMS = frozenset(
    {
        # partners, alarms, dossiers
        N_("unconfirmed"),
        N_("confirmed"),
        N_("suspended"),
        N_("open"),
        N_("seen"),
        N_("ended"),
        # messages and their delivery
        N_("in-line"),
        N_("sent"),
        N_("stored"),
        N_("received"),
        N_("waiting"),
        N_("refused"),
        N_("withdrawn"),
        N_("withheld"),
        # how far a message or a dossier has come
        N_("acknowledged"),
        N_("in-charge"),
        N_("answered"),
        # drafts and reviews
        N_("draft"),
        N_("submitted"),
        N_("returned"),
        N_("discarded"),
        N_("upheld"),
        N_("not-upheld"),
        # roles that are held
        N_("in force"),
        N_("to come"),
        N_("revoked"),
        # logs
        N_("stopped"),
        N_("frozen"),
        N_("closed"),
        # those who watch over the audit log
        N_("current"),
        N_("behind"),
        N_("late"),
        N_("lies"),
        N_("put-back"),
        N_("in"),
        N_("out"),
        # instruments
        N_("agreement"),
        N_("channel"),
        # results of the verifier
        N_("holds"),
        N_("fails"),
        N_("absent"),
        N_("attested"),
        N_("verified"),
        N_("failed"),
        N_("consistent, identities unconfirmed"),
    }
)


def term(word: str) -> str:
    """A word of a closed list in the language in use; any other text as it is."""
    return _(word) if word in TERMS else word
