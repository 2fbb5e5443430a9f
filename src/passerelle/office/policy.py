"""The policy: may this person do this to that thing? Values in, verdict out; Cedar decides.

    policy = Policy.shipped()
    verdict = policy.decide(Holder("ann", {"officer": ("wanted-persons",)}), Action.DOSSIER_OPEN, On("dossier", ...))

Rules kept here:
- a policy that does not parse, or speaks of what the schema does not know, is never used;
- what no policy permits is refused, and a forbid outweighs every permit (Cedar's own rule); a policy that fails while
  it is evaluated refuses too, for Cedar would leave it out, and it may have been a forbid;
- the hard rules (`hard.py`) are asked first: no policy lifts them;
- a decision depends on nothing but what is handed in. So decisions are kept, by all of it: another grant, fact, or
  policy is another question.

Left unchecked: whether the facts are true (`asking.py` and the workflow read them in the transaction that uses them).
"""

import hashlib
import json
import re
from enum import StrEnum
from functools import cache
from importlib import resources
from typing import Any

import cedarpy
import msgspec

from passerelle.core.errors import InputError
from passerelle.office import hard
from passerelle.office.hard import On
from passerelle.office.people import ANYWHERE, Role

MOST_TEXT = 256 * 1024
_KEPT = 16_384


class PolicyError(InputError):
    """The policy does not validate, contradicts itself, or would lock everybody out."""


class Action(StrEnum):
    """What a person can do at a door. Closed; each stands in the schema too."""

    NODE_LOOK = "node.look"
    PARTNER_LOOK = "partner.look"
    INSTRUMENT_LOOK = "instrument.look"
    LINK_LOOK = "link.look"
    QUEUE_LOOK = "queue.look"
    ALARM_LOOK = "alarm.look"
    POLICY_LOOK = "policy.look"
    AUDIT_LOOK = "audit.look"
    STATISTICS_LOOK = "statistics.look"
    ONCALL_LOOK = "oncall.look"
    ERASURE_LOOK = "erasure.look"
    PERSON_LOOK = "person.look"
    DOSSIER_LOOK = "dossier.look"
    DRAFT_LOOK = "draft.look"
    DOSSIER_READ = "dossier.read"
    DRAFT_READ = "draft.read"
    ATTACHMENT_SAVE = "attachment.save"
    REVIEW_LOOK = "review.look"
    EVIDENCE_EXPORT = "evidence.export"
    DOSSIER_OPEN = "dossier.open"
    DOSSIER_ACT = "dossier.act"
    DRAFT_EDIT = "draft.edit"
    DRAFT_SEND_BACK = "draft.send-back"
    DRAFT_DISCARD = "draft.discard"
    MESSAGE_WITHDRAW = "message.withdraw"
    MESSAGE_ERASE = "message.erase"
    DRAFT_RELEASE = hard.RELEASE
    DRAFT_RELEASE_ALONE = hard.RELEASE_ALONE
    DRAFT_RELEASE_ON_DUTY = hard.RELEASE_ON_DUTY
    MESSAGE_REVIEW = hard.REVIEW
    DOSSIER_ASSIGN = "dossier.assign"
    DOSSIER_HAND_OVER = "dossier.hand-over"
    DOSSIER_NOTE = "dossier.note"
    DOSSIER_REFER = "dossier.refer"
    RELATION_ADD = "relation.add"
    RELATION_WITHDRAW = "relation.withdraw"
    LIST_LOOK = "list.look"
    LIST_READ = "list.read"
    LIST_IMPORT = "list.import"
    LIST_REMOVE = "list.remove"
    SCREENING_LOOK = "screening.look"
    SCREENING_RUN = "screening.run"
    HIT_READ = "hit.read"
    HIT_DECIDE = "hit.decide"
    HIT_ERASE = "hit.erase"
    INDEX_LOOK = "index.look"
    INDEX_READ = "index.read"
    INDEX_CREATE = "index.create"
    INDEX_PUBLISH = "index.publish"
    INDEX_EXPIRE = "index.expire"
    INDEX_ADD = "index.add"
    INDEX_REMOVE = "index.remove"
    INDEX_WITHDRAW = "index.withdraw"
    SEARCH_LOOK = "search.look"
    SEARCH_ASK = "search.ask"
    SEARCH_READ = "search.read"
    SEARCH_COMMITMENT = "search.commitment"
    INSTRUMENT_PROPOSE = "instrument.propose"
    INSTRUMENT_SIGN = "instrument.sign"
    INSTRUMENT_REJECT = "instrument.reject"
    INSTRUMENT_TERMINATE = "instrument.terminate"
    ALARM_SEEN = "alarm.seen"
    ONCALL_SET = "oncall.set"
    LINK_REOPEN = "link.reopen"
    LINK_ALLOW = "link.allow"
    LINK_PROVE = "link.prove"
    COURIER_EXPORT = "courier.export"
    COURIER_IMPORT = "courier.import"
    PARTNER_ADD = "partner.add"
    PARTNER_CONFIRM = "partner.confirm"
    PARTNER_SUSPEND = "partner.suspend"
    KEYS_SHOW = "keys.show"
    KEYS_ROTATE = "keys.rotate"
    KEYS_REVOKE = "keys.revoke"
    KEYS_RENEW = "keys.renew"
    KEYS_ADOPT = "keys.adopt"
    KEYS_PROTECT = "keys.protect"
    STORE_UPGRADE = "store.upgrade"
    NODE_CONFIRM = "node.confirm"
    PERSON_ADD = "person.add"
    PERSON_CHANGE = "person.change"
    PERSON_GRANT = "person.grant"
    PERSON_REVOKE = "person.revoke"
    PERSON_REMOVE = "person.remove"
    PERSON_SPEAK = "person.speak"
    POLICY_ADOPT = "policy.adopt"
    AUDIT_READ = "audit.read"
    AUDIT_EXPORT = "audit.export"
    AUDIT_CLOSE = "audit.close"
    AUDIT_REOPEN = "audit.reopen"
    BACKUP_CREATE = "backup.create"
    STORE_MIGRATE = "store.migrate"
    WITNESS_ADD = "witness.add"
    WITNESS_REMOVE = "witness.remove"


class Holder(msgspec.Struct, frozen=True):
    """A person as the policy sees him: the (role, domain) pairs that he holds today, in order, and his service."""

    id: str
    held: tuple[tuple[str, str], ...]
    service: str = ""

    def here(self, domain: str) -> set[str]:
        """His roles in a domain."""
        return {role for role, there in self.held if there in (ANYWHERE, domain)}

    def roles(self) -> list[str]:
        """His roles in any domain."""
        return sorted({role for role, _ in self.held})


class Verdict(msgspec.Struct, frozen=True):
    """The answer. `policies`: the ids of those that decided; `rule`: what refused beside them, in words.

    `explaining.explain` says the rest in words.
    """

    allowed: bool
    policies: tuple[str, ...] = ()
    rule: str = ""


def _shipped(name: str) -> str:
    return (resources.files("passerelle.office") / "cedar" / name).read_text("utf-8")


@cache
def schema() -> cedarpy.Schema:
    """What policies are checked against."""
    return cedarpy.Schema.from_str(schema_text())


def schema_text() -> str:
    """The schema, as Cedar text."""
    return _shipped("schema.cedarschema")


def default_text() -> str:
    """The policy that is shipped."""
    return _shipped("default.cedar")


class Policy:
    """A policy that was parsed and checked."""

    def __init__(self, text: str, where: str = "policy") -> None:
        """Raises PolicyError naming each policy that is wrong."""
        if len(text.encode()) > MOST_TEXT:
            raise PolicyError(f"{where}: expected at most {MOST_TEXT} bytes, got {len(text.encode())}")
        self.text = text
        self.digest = hashlib.sha256(text.encode()).hexdigest()
        try:
            self._set = cedarpy.PolicySet.from_str(text)
            parsed = json.loads(cedarpy.policies_to_json_str(text))
        except ValueError as error:
            raise PolicyError(f"{where}: expected Cedar policies, got: {_line(error)}") from None
        self.parts: dict[str, Any] = parsed["staticPolicies"]
        if parsed["templates"]:
            raise PolicyError(f"{where}: expected policies without slots, got a template")
        self.names: dict[str, str] = {}
        for key, part in self.parts.items():
            name = (part.get("annotations") or {}).get("id")
            if not name or name in self.names.values():
                raise PolicyError(f'{where}: expected each policy with an @id("…") of its own, got {name or "none"}')
            self.names[key] = name
        result = cedarpy.validate_policies(text, schema())
        if not result.validation_passed:
            words = "; ".join(f"{self.names.get(one.policy_id, '?')}: {_line(one.error)}" for one in result.errors)
            raise PolicyError(f"{where}: expected policies that keep to the schema, got: {words}")
        self._known: dict[Any, Verdict] = {}

    @staticmethod
    @cache
    def shipped() -> "Policy":
        """The policy that is shipped."""
        return Policy(default_text(), "the shipped policy")

    def reason_of(self, name: str) -> str:
        """The @reason of a policy, or its name."""
        for key, known in self.names.items():
            if known == name:
                return str((self.parts[key].get("annotations") or {}).get("reason") or name)
        return name

    def decide(self, who: Holder, action: Action, on: On) -> Verdict:
        """Whether a person may do this, and which policies say so."""
        question = (who, action, on)
        known = self._known.get(question)
        if known is None:
            if len(self._known) >= _KEPT:
                self._known.clear()
            known = self._known[question] = self.decide_anew(who, action, on)
        return known

    def decide_anew(self, who: Holder, action: Action, on: On) -> Verdict:
        """`decide`, without what was decided before."""
        if not who.held:
            return Verdict(False, rule=f"expected a person with a role in force, got {who.id}, who has none today")
        if broken := hard.broken(who.id, who.held, action.value, on, who.service):
            return Verdict(False, rule=broken)
        answer = _answer(self._set, who, action, on)
        names = tuple(sorted(self.names[one] for one in answer.diagnostics.reasons))
        if errors := answer.diagnostics.errors:
            return Verdict(False, names, f"expected a policy that can be evaluated, got: {_line(errors[0])}")
        return Verdict(answer.allowed, names)

    def outcome(self, who: Holder, action: Action, on: On) -> tuple[bool, tuple[str, ...]]:
        """What the policies alone say, without the hard rules, and which of them decided."""
        answer = _answer(self._set, who, action, on)
        names = tuple(sorted(self.names[one] for one in answer.diagnostics.reasons))
        return answer.allowed and not answer.diagnostics.errors, names

    def satisfied(self, some: cedarpy.PolicySet, who: Holder, action: Action, on: On) -> bool:
        """Whether some of the policies alone would permit this."""
        return _answer(some, who, action, on).allowed


def _answer(policies: cedarpy.PolicySet, who: Holder, action: Action, on: On) -> cedarpy.AuthzResult:
    entities = cedarpy.Entities.from_json_str(entities_of(who, on), schema())
    return cedarpy.is_authorized(request(who, action, on), policies, entities)


@cache
def _groups() -> dict[str, set[Action]]:
    """The actions of each group, itself among the groups above it, as the schema says."""
    above: dict[str, list[str]] = {}
    plain = re.sub(r"//.*", "", schema_text())
    for names, groups in re.findall(r'action\s+((?:"[^"]+",?\s*)+)(?:in\s+\[([^]]*)\])?', plain):
        for name in re.findall(r'"([^"]+)"', names):
            above[name] = re.findall(r'"([^"]+)"', groups)
    found: dict[str, set[Action]] = {name: set() for name in above}
    for action in Action:
        todo = [action.value]
        while todo:
            name = todo.pop()
            found[name].add(action)
            todo += above[name]
    return found


def actions_of(part: Any) -> list[Action]:
    """The actions that a policy is about: `part` is one of `Policy.parts`."""
    scope = part["action"]
    if scope["op"] == "All":
        return list(Action)
    named = scope.get("entities") or [scope["entity"]]
    found = set().union(*(_groups()[one["id"]] for one in named))
    return [action for action in Action if action in found]


def request(who: Holder, action: Action, on: On) -> dict[str, Any]:
    """The request as Cedar takes it."""
    return {
        "principal": {"type": "Person", "id": who.id},
        "action": {"type": "Action", "id": action.value},
        "resource": {"type": "Thing", "id": f"{on.kind}/{on.id}"},
    }


def entities_of(who: Holder, on: On) -> str:
    """Person and thing as Cedar takes them. A role held everywhere is held in the thing's domain."""
    domains: dict[str, set[str]] = {role.value: set() for role in Role}
    for role, domain in who.held:
        domains[role] |= {ANYWHERE, on.domain} if domain == ANYWHERE else {domain}
    person: dict[str, Any] = {role: sorted(found) for role, found in domains.items()}
    person["roles"] = who.roles()
    thing: dict[str, Any] = msgspec.structs.asdict(on)
    name = thing.pop("id")
    del thing["readers"]  # no policy speaks of services: see `hard`
    for key in ("author", "first", "person"):
        thing[key] = {"__entity": {"type": "Person", "id": thing[key]}}
    return json.dumps(
        [
            {"uid": {"type": "Person", "id": who.id}, "attrs": person, "parents": []},
            {"uid": {"type": "Thing", "id": f"{on.kind}/{name}"}, "attrs": thing, "parents": []},
        ]
    )


def _line(error: object) -> str:
    return " ".join(str(error).split())[:300]
