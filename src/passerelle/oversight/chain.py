"""Keys over time in an evidence file: which identities belong together, and which key may sign which size.

Rules kept here:
- a handover counts when every key that must sign it has (`ledger.handover`), whatever else the file says; it leads from
  one identity of the file to another of the same node;
- of keys that handed over, a checkpoint counts up to the size that the handover names for its log, and not beyond; of
  a log that it does not name, none does;
- of log keys that were revoked, a checkpoint counts only when the receiver has cosigned it: up to that size, or at a
  time before the revocation;
- whom the reader trusts, he trusts in every identity that genuine handovers lead to, forward and backward: old and new
  keys have signed each.
"""

from collections.abc import Callable, Iterable
from typing import Any

import msgspec

from passerelle.core import json
from passerelle.core.errors import InputError, JsonError, PasserelleError
from passerelle.exchange import content as contents
from passerelle.exchange.succession import KEY_KINDS
from passerelle.identity import identity as identities
from passerelle.identity.identity import Identity
from passerelle.identity.keys import Verifier
from passerelle.ledger import checkpoint as checkpoints
from passerelle.ledger import entry as entries
from passerelle.ledger import handover, note
from passerelle.ledger.checkpoint import Checkpoint
from passerelle.ledger.handover import Handover

Pair = tuple[Verifier, Verifier]
Say = Callable[..., None]


class Step(msgspec.Struct, frozen=True):
    """A genuine handover between two identities of one node."""

    statement: Handover
    before: Identity
    after: Identity


class Chain:
    """All identities of a file, by node, and the handovers between them."""

    def __init__(self) -> None:
        self.identities: dict[str, list[Identity]] = {}
        self.steps: list[Step] = []

    def of(self, node: str) -> list[Identity]:
        """The identities of a node. Raises InputError when there is none."""
        if node not in self.identities:
            raise InputError(f"expected the identity of {node} in the file, got none")
        return self.identities[node]

    def add(self, identity: Identity) -> bool:
        """Take one more identity. False when it is there already."""
        there = self.identities.setdefault(identity.name, [])
        fresh = all(one.fingerprint != identity.fingerprint for one in there)
        if fresh:
            there.append(identity)
        return fresh

    # -- handovers ----------------------------------------------------------------------------------------------

    def read(self, items: Iterable[Any], say: Say) -> None:
        """Find and check the handovers among the messages of a file; `say(about, says, result, detail)`."""
        for item in items:
            try:
                message = entries.parse(item["leaf"].encode()).message
                content = json.parse_object(item["content"].encode())
            except (PasserelleError, KeyError, AttributeError, TypeError):
                continue  # said where the message is checked
            if content.get("kind") not in KEY_KINDS:
                continue
            says = "hands over to other keys: signed by each that must sign"
            try:
                step = self._step(contents.parse(json.canonical(content), message))
            except (PasserelleError, JsonError) as error:
                say(f"message {message}", says, "fails", str(error)[:300])
                continue
            self.steps.append(step)
            kinds = ", ".join(step.before.keys.changed(step.after.keys)) or "none, another address or certificate"
            detail = f"{step.statement.sender} to {step.statement.receiver}, keys changed: {kinds}"
            say(f"message {message}", says, "holds", detail)

    def _step(self, content: dict[str, Any]) -> Step:
        contents.check_plain(content)
        statement = handover.parse(content["statement"])
        if statement.message != content["id"] or bool(statement.revoked) != (content["kind"] == "keys.revoke"):
            raise InputError("expected the statement of this message, got another")
        there = self.of(statement.sender)
        before = [one for one in there if one.key_digest == statement.before]
        after = [one for one in there if one.fingerprint == statement.after]
        if not before or not after:
            raise InputError("expected both identities in the file, got one or none")
        if identities.parse(content["identity"].encode()).fingerprint != statement.after:
            raise InputError("expected the identity that the statement names, got another")
        handover.verify(statement, note.parse(content["signed"]), before[0].keys, after[0].keys)
        return Step(statement, before[0], after[0])

    def trusted(self, name: str, given: Iterable[Identity]) -> set[str]:
        """The fingerprints of a node's identities that a reader trusts who trusts these."""
        digests = {one.key_digest for one in given}
        there = self.identities.get(name, [])
        reached = {one.fingerprint for one in there if one.key_digest in digests}
        while True:
            more = {
                one.fingerprint
                for step in self.steps
                if {step.before.fingerprint, step.after.fingerprint} & reached
                for one in (step.before, step.after)
                if one.name == name
            }
            if more <= reached:
                return reached
            reached |= more

    # -- checkpoints --------------------------------------------------------------------------------------------

    def signed(self, given: Checkpoint, sender: str, receiver: str) -> Pair:
        """The log keys of the sender that signed a checkpoint. Raises unless they hold and may sign its size."""
        keys = _bearing(given, [one.log for one in self.of(sender)])
        checkpoints.verify(given, keys)
        for step in self._ends("log", keys, sender, receiver):
            last = step.statement.named.get(("log", given.origin), 0)
            if step.statement.revoked != "log":
                _within(given, last, keys)
                continue
            time = self._cosigned(given, sender, receiver)
            if given.size > last and time * 1000 > step.statement.time:
                _within(given, last, keys)
        return keys

    def _cosigned(self, given: Checkpoint, sender: str, receiver: str) -> int:
        """When (seconds) the receiver cosigned what revoked keys signed. Raises when it has not."""
        found = self.cosigned(given, sender, receiver)
        if found is None:
            raise InputError(f"expected the cosignature of {receiver} on what a revoked key signed, got none")
        return found[0]

    def cosigned(self, given: Checkpoint, sender: str, receiver: str) -> tuple[int, Pair] | None:
        """When (seconds) and with which receipt keys the receiver cosigned; None when it has not. Raises likewise."""
        if not any(line.name == f"{receiver}/receipt" for line in given.note.signatures):
            return None
        keys = _bearing(given, [one.receipt for one in self.of(receiver)])
        time = checkpoints.verify_cosignature(given, keys)
        for step in self._ends("receipt", keys, receiver, sender):
            _within(given, step.statement.named.get(("receipt", given.origin), 0), keys)
        return time, keys

    def _ends(self, kind: str, keys: Pair, node: str, partner: str) -> list[Step]:
        """The handovers of a node to this partner by which these keys ceased to sign."""
        return [
            step
            for step in self.steps
            if (step.statement.sender, step.statement.receiver) == (node, partner)
            if getattr(step.before, kind) == keys != getattr(step.after, kind)
        ]


def _bearing(given: Checkpoint, pairs: list[Pair]) -> Pair:
    """The one of these pairs whose signature lines the checkpoint bears, or the newest, which it lacks."""
    lines = {(line.name, line.key) for line in given.note.signatures}
    return next((pair for pair in pairs if (pair[0].name, pair[0].id) in lines), pairs[-1])


def _within(given: Checkpoint, last: int, keys: Pair) -> None:
    if given.size > last:
        words = f"expected size {last} or less of {given.origin} under the old key {keys[0].id.hex()}"
        raise InputError(f"{words}, got {given.size}")
