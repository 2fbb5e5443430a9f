"""Words of closed lists, as they are shown: states, directions, kinds. JSON keeps the words of the code.

A word that is not here is shown as it is: names of acts, types, lanes, purposes and articles are what instruments and
commands say, in every language the same; their labels stand beside them. The word of an alarm stands behind what it
means, because the handbook explains it under that word.
"""

from passerelle.core.words import N_, _, isolated

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
        # processes that serve, and leases
        N_("serving"),
        N_("silent"),
        N_("held"),
        N_("free"),
        N_("in"),
        N_("out"),
        # those who watch over the audit log, and how far a record of it is proven
        N_("witness"),
        N_("partner"),
        N_("current"),
        N_("behind"),
        N_("late"),
        N_("lies"),
        N_("line"),
        N_("cosigned"),
        # what somebody read
        N_("dossier"),
        N_("notes"),
        N_("evidence"),
        N_("relations"),
        # relations
        N_("noted"),
        N_("replaced"),
        N_("fact"),
        N_("assessment"),
        # tables of an index
        N_("base"),
        N_("delta"),
        N_("making"),
        N_("past"),
        N_("over"),
        # screenings and hits
        N_("running"),
        N_("done"),
        N_("broken"),
        N_("unverified"),
        N_("rejected"),
        N_("hit"),
        N_("hits"),
        # questions to a partner's index
        N_("opened"),
        N_("over"),
        # files that messages bear
        N_("attachment"),
        N_("attached"),
        N_("complete"),
        N_("lost"),
        N_("erased"),
        N_("expired"),
        # why something was erased
        N_("time-limit"),
        N_("unlawful"),
        N_("request"),
        N_("order"),
        N_("originator"),
        N_("other"),
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


ALARMS = {
    "attachment.ignored": N_("an answer about a file does not count"),
    "attachment.refused": N_("the partner did not take a file"),
    "audit.stopped": N_("the audit log stands still"),
    "calendar.ends": N_("a calendar ends"),
    "check.failed": N_("a check of this node failed"),
    "deadline.missed": N_("a deadline was missed"),
    "keys.not-told": N_("a change of keys is not told yet"),
    "keys.revoked": N_("a partner revoked a key"),
    "keys.unknown": N_("a message with an unknown key"),
    "link.frozen": N_("a link is frozen"),
    "link.partner-behind": N_("the partner's store was put back"),
    "link.refused": N_("the partner refuses what is sent"),
    "link.stopped": N_("a link stands still"),
    "message.not-sent": N_("a message was not sent"),
    "message.refused": N_("a message was refused"),
    "oncall.exhausted": N_("nobody is left to call"),
    "index.ended": N_("an index of the blind search ended"),
    "index.keys-lost": N_("keys of an index are lost"),
    "index.too-small": N_("an index has outgrown its size"),
    "process.silent": N_("a process that serves fell silent"),
    "refusal.ignored": N_("a refusal does not count"),
    "review.not-upheld": N_("a review did not uphold an act"),
    "search.answer-wrong": N_("the proof of an answer does not hold"),
    "search.list-full": N_("too many references are withdrawn"),
    "search.quota-full": N_("a partner asked more than its quota"),
    "search.quota-near": N_("a partner has nearly used its quota"),
    "search.table-wrong": N_("a table is not what its manifest says"),
    "store.restored": N_("a backup was put back"),
    "timers.failed": N_("deadlines cannot be counted"),
    "witness.away": N_("a witness does not answer"),
    "witness.behind": N_("a witness was put back"),
    "witness.fork": N_("a partner's audit log was changed"),
    "store.put-back": N_("the store was put back, and nobody said so"),
    "node.elsewhere": N_("this node is not where it served last"),
    "keys.away": N_("private keys cannot be used"),
    "witness.lies": N_("a witness answers what cannot be"),
}
"""What each alarm means, in short."""

OUTCOMES = {
    "complete": N_("complete"),
    "too-large": N_("larger than the receiver takes"),
    "wrong-type": N_("its bytes are not of its type"),
    "does-not-open": N_("it does not open with its key"),
    "gone": N_("the message was erased there before"),
    "again": N_("the receiver lost it and wants it again"),
}
"""What came of a file, as its receiver says."""

DETAILS = {
    "act": N_("act"),
    "added": N_("entries added"),
    "action": N_("asked to"),
    "after": N_("new"),
    "alarm": N_("alarm"),
    "attested": N_("attested"),
    "attachments": N_("attachments"),
    "author": N_("author"),
    "backup": N_("backup"),
    "basis": N_("legal basis"),
    "before": N_("old"),
    "change": N_("change"),
    "changed": N_("entries changed"),
    "channel": N_("channel"),
    "closed_at": N_("closed at"),
    "comment": N_("comment"),
    "confirmed": N_("confirmed"),
    "continues": N_("continues"),
    "created": N_("created"),
    "deadline": N_("deadline"),
    "desk": N_("desk"),
    "digest": N_("digest"),
    "domain": N_("domain"),
    "draft": N_("draft"),
    "due": N_("due"),
    "edition": N_("edition"),
    "entries": N_("list entries"),
    "entry": N_("entry"),
    "erased": N_("erased"),
    "faults": N_("faults"),
    "file": N_("file"),
    "fingerprint": N_("fingerprint"),
    "from": N_("begins"),
    "ground": N_("ground"),
    "hits": N_("hits"),
    "how": N_("how"),
    "journey": N_("journey"),
    "seen": N_("seen"),
    "kept": N_("kept"),
    "keys": N_("keys"),
    "kind": N_("kind"),
    "kinds": N_("kinds"),
    "language": N_("language"),
    "link": N_("objective link"),
    "list": N_("list"),
    "lost": N_("lost"),
    "message": N_("message"),
    "messages": N_("messages"),
    "name": N_("name"),
    "note": N_("note"),
    "number": N_("number"),
    "offence": N_("offence"),
    "operation": N_("operation"),
    "outcome": N_("outcome"),
    "owner": N_("owed by"),
    "person": N_("person"),
    "place": N_("place"),
    "process": N_("process"),
    "purpose": N_("purpose"),
    "read": N_("what was read"),
    "reason": N_("reason"),
    "records": N_("records"),
    "reference": N_("reference"),
    "relation": N_("relation"),
    "removed": N_("entries removed"),
    "replayed": N_("from the register"),
    "role": N_("role"),
    "roles": N_("roles"),
    "same": N_("the same"),
    "sent": N_("sent"),
    "service": N_("service"),
    "system": N_("system"),
    "until": N_("ends"),
    "users": N_("users"),
    "verified": N_("verified"),
    "version": N_("version"),
    "words": N_("words"),
    "wrong": N_("wrong"),
}
"""What the details of an audit record are called."""


def term(word: str) -> str:
    """A word of a closed list in the language in use; any other text as it is."""
    if word in ALARMS:
        return f"{_(ALARMS[word])} ({isolated(word)})"
    return _(word) if word in TERMS else word


def outcome(word: str) -> str:
    """What came of a file, in words."""
    return _(OUTCOMES[word]) if word in OUTCOMES else word
