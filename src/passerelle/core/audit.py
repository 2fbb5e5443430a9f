"""The closed vocabulary of what is written down: `what.happened`. A word that is not here cannot be written.

Each word names the kind of processing that it records, as the law lists them (LED art. 25(1)), so that a trail can be
asked for by kind. A word that is `local` records what never leaves this node: an export has its leaf and no more.
"""

from enum import StrEnum


class Operation(StrEnum):
    """The kinds of processing that must be logged (LED art. 25(1)); `other`: touches no data of a person."""

    COLLECTION = "collection"
    ALTERATION = "alteration"
    CONSULTATION = "consultation"
    DISCLOSURE = "disclosure"
    COMBINATION = "combination"
    ERASURE = "erasure"
    OTHER = "other"


class What(StrEnum):
    """What happened, and the kind of processing that it is."""

    operation: Operation
    local: bool

    def __new__(cls, word: str, operation: Operation = Operation.OTHER, local: bool = False) -> "What":
        made = str.__new__(cls, word)
        made._value_ = word
        made.operation = operation
        made.local = local
        return made

    NODE_CREATED = "node.created"
    NODE_STARTED = "node.started"
    NODE_STOPPED = "node.stopped"
    PARTNER_ADDED = "partner.added"
    PARTNER_CONFIRMED = "partner.confirmed"
    PARTNER_SUSPENDED = "partner.suspended"
    INSTRUMENT_PROPOSED = "instrument.proposed"
    INSTRUMENT_SIGNED = "instrument.signed"
    INSTRUMENT_REJECTED = "instrument.rejected"
    INSTRUMENT_TERMINATED = "instrument.terminated"
    ACT_DRAFTED = "act.drafted", Operation.COLLECTION
    # What an author attests (that no protection claim is pending, say) tells by its very question what must never
    # reach a partner or a file.
    ACT_ATTESTED = "act.attested", Operation.COLLECTION, True
    ACT_EDITED = "act.edited", Operation.ALTERATION
    ACT_SUBMITTED = "act.submitted"
    ACT_APPROVED = "act.approved"
    # Comments, notes and reviews are words of this service's people to each other.
    ACT_SENT_BACK = "act.sent-back", Operation.OTHER, True
    ACT_REVIEWED = "act.reviewed", Operation.OTHER, True
    ACT_DISCARDED = "act.discarded", Operation.ERASURE
    ACT_RELEASED = "act.released", Operation.DISCLOSURE
    ACT_REFUSED = "act.refused"
    MESSAGE_WITHDRAWN = "message.withdrawn", Operation.ALTERATION
    DRAFT_READ = "draft.read", Operation.CONSULTATION
    CONTENT_READ = "content.read", Operation.CONSULTATION
    DOSSIER_ASSIGNED = "dossier.assigned", Operation.OTHER, True
    DOSSIER_HANDED_OVER = "dossier.handed-over", Operation.OTHER, True
    DOSSIER_REFERRED = "dossier.referred", Operation.ALTERATION
    DOSSIER_SENT_VIA = "dossier.sent-via", Operation.DISCLOSURE
    NOTE_WRITTEN = "note.written", Operation.OTHER, True
    # What this node's people think of who is who, and with whom: never outside it.
    RELATION_ADDED = "relation.added", Operation.COMBINATION, True
    RELATION_WITHDRAWN = "relation.withdrawn", Operation.ALTERATION, True
    # Lists in clear are this node's own, and so is what was found in them.
    LIST_IMPORTED = "list.imported", Operation.COLLECTION, True
    LIST_READ = "list.read", Operation.CONSULTATION, True
    LIST_REMOVED = "list.removed", Operation.ERASURE, True
    LIST_SCREENED = "list.screened", Operation.COMBINATION, True
    HIT_READ = "hit.read", Operation.CONSULTATION, True
    HIT_CONFIRMED = "hit.confirmed", Operation.ALTERATION, True
    HIT_REJECTED = "hit.rejected", Operation.ALTERATION, True
    HITS_ERASED = "hits.erased", Operation.ERASURE, True
    # An index of the blind search: that it is published and what of it is withdrawn, the partner knows. Who is in it,
    # and whose data it was made of, is this node's own.
    INDEX_CREATED = "index.created"
    INDEX_PUBLISHED = "index.published", Operation.DISCLOSURE
    INDEX_EXPIRED = "index.expired"
    INDEX_ENDED = "index.ended"
    INDEX_KEY_DESTROYED = "index.key-destroyed", Operation.ERASURE
    INDEX_WITHDRAWN = "index.withdrawn", Operation.ALTERATION, True
    INDEX_FOLLOWED = "index.followed", Operation.COMBINATION, True
    INDEX_ADDED = "index.added", Operation.COMBINATION, True
    INDEX_REMOVED = "index.removed", Operation.ERASURE, True
    INDEX_READ = "index.read", Operation.CONSULTATION, True
    # That a question was asked, without its words: an auditor holds it against what the partner wrote down.
    SEARCH_ASKED = "search.asked", Operation.CONSULTATION
    SEARCH_ANSWERED = "search.answered", Operation.CONSULTATION
    SEARCH_STOPPED = "search.stopped", Operation.OTHER, True
    SEARCH_OPENED = "search.opened", Operation.COMBINATION, True
    COMMITMENT_OPENED = "commitment.opened", Operation.DISCLOSURE
    GENERATION_OPENED = "generation.opened"
    GENERATION_ALLOWED = "generation.allowed"
    CONTENT_ERASED = "content.erased", Operation.ERASURE
    COURIER_EXPORTED = "courier.exported", Operation.DISCLOSURE
    COURIER_IMPORTED = "courier.imported", Operation.COLLECTION
    EVIDENCE_EXPORTED = "evidence.exported", Operation.DISCLOSURE
    ALARM_SEEN = "alarm.seen"
    DEADLINE_MISSED = "deadline.missed"
    ONCALL_CHANGED = "oncall.changed"
    KEYS_ROTATED = "keys.rotated"
    KEYS_REVOKED = "keys.revoked"
    KEYS_COMPARED = "keys.compared"
    STORE_PUT_BACK = "store.put-back"
    NODE_CONFIRMED = "node.confirmed"
    STORE_UPGRADED = "store.upgraded"
    KEYS_PROTECTED = "keys.protected"
    KEY_DESTROYED = "key.destroyed"
    PARTNER_KEYS_CHANGED = "partner.keys-changed"
    AUDIT_READ = "audit.read", Operation.CONSULTATION
    AUDIT_EXPORTED = "audit.exported", Operation.DISCLOSURE
    AUDIT_REOPENED = "audit.reopened"
    BACKUP_MADE = "backup.made"
    STORE_RESTORED = "store.restored"
    STORE_MIGRATED = "store.migrated"
    WITNESS_ADDED = "witness.added"
    WITNESS_REMOVED = "witness.removed"
    ACCESS_REFUSED = "access.refused"
    PERSON_ADDED = "person.added"
    PERSON_CHANGED = "person.changed"
    PERSON_REMOVED = "person.removed"
    ROLE_GRANTED = "role.granted"
    ROLE_REVOKED = "role.revoked"
    POLICY_ADOPTED = "policy.adopted"
