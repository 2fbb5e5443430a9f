"""Records of the people of a node: who they are, which operating-system users act as them, what they were given."""

from passerelle.ports.store import Kind, Record


class Person(Record, frozen=True):
    """A person. Stays when removed, so that an old act keeps its author and the id is never given to another."""

    id: str  # stands as author and releaser in messages, as `who` in audit records
    name: str
    language: str  # en | fr | nl | ar
    added: int
    added_by: str
    changed: int
    changed_by: str
    removed: int = 0
    service: str = ""  # the word by which channels name it; empty: none was given


class Seat(Record, frozen=True):
    """An operating-system user who may act as a person."""

    user: str
    person: str


class Grant(Record, frozen=True):
    """A role in a domain between two days, both included, in the node's time zone. Stays when it was revoked."""

    id: str
    person: str
    role: str
    domain: str  # a channel's `domain` word, or *
    begin: str  # YYYY-MM-DD
    until: str  # YYYY-MM-DD, or empty: no end
    given: int
    given_by: str
    reason: str = ""
    revoked: int = 0
    revoked_by: str = ""


class PolicyText(Record, frozen=True):
    """A policy that was adopted, and when. The newest is in force; without one, the policy that is shipped."""

    id: str
    digest: str
    text: str  # empty: back to the policy that is shipped
    adopted: int
    adopted_by: str
    reason: str


PERSONS = Kind("persons", Person, ("id",))
SEATS = Kind("seats", Seat, ("user", "person"), by_person=("person", "user"))
GRANTS = Kind("grants", Grant, ("id",), by_person=("person", "given"))
POLICIES = Kind("policies", PolicyText, ("id",))

KINDS = (PERSONS, SEATS, GRANTS, POLICIES)
