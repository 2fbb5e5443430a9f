"""Keys change while a partner watches over an audit log: nothing is taken for a lie, and old proofs stay good."""

from typing import Any

import pytest

from passerelle.core import json
from passerelle.oversight import audit_export, audit_log, witnesses
from passerelle.oversight.statements import VERIFIED
from passerelle.oversight.verify_audit import verify
from passerelle.oversight.witness_desk import StoreDesk
from passerelle.ports.audit import COSIGNED
from passerelle.ports.records import ALARMS
from tests.peers.pair import Pair, partners


def shown(pair: Pair) -> int:
    """be closes a block and shows it to ma, who cosigns it."""
    ctx = pair.be.ctx
    pair.clock.advance(3_600_000)
    audit_log.close_now(ctx)
    (watcher,) = ctx.store.read(lambda tx: witnesses.watchers(tx, ctx, "always"))
    desk = StoreDesk(pair.ma.ctx)
    if pair.be.all(COSIGNED):
        assert witnesses.told(ctx, watcher, desk.held(witnesses.question(ctx, watcher)))
    request = witnesses.request(ctx, watcher)
    assert request is not None
    assert witnesses.cosigned(ctx, watcher, request, desk.add(request.encode()))
    return int(request.checkpoint.size)


def exported(pair: Pair) -> Any:
    data = audit_export.collect(pair.be.ctx, pair.be.identity, {"kind": "time"}, "rita", (0, 2**60))
    return json.parse_object(data), data


@pytest.mark.parametrize("who", ["be", "ma", "both"])
@pytest.mark.parametrize("kinds", [("log",), ("witness",), ("log", "witness", "receipt", "envelope")])
def test_cosigning_goes_on_before_while_and_after_keys_are_handed_over(who: str, kinds: tuple[str, ...]) -> None:
    pair = partners()
    sizes = [shown(pair)]
    for name in ("be", "ma") if who == "both" else (who,):
        pair.rotate(pair.peer(name), *kinds)
    sizes.append(shown(pair))  # the other does not know of it yet
    value, data = exported(pair)
    assert any("/witness" in one for one in value["checkpoints"][0].split())
    pair.settle()
    sizes.append(shown(pair))
    assert sizes == [1, 2, 3]
    assert [one for one in pair.be.all(ALARMS) if one.what.startswith(("witness", "audit"))] == []
    assert [one for one in pair.ma.all(ALARMS) if one.what == "witness.fork"] == []
    _, data = exported(pair)
    report = verify(data, (pair.be.identity, pair.ma.identity))
    assert report.verdict == VERIFIED
    assert [one.result for one in report.statements if "was cosigned by ma" in one.says] == ["holds"]
