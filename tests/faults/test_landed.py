"""That the campaign of kills sees what a kill could leave behind: each damage is done to two stores that are well."""

from collections.abc import Callable

import msgspec
import pytest

from passerelle.exchange import notes
from passerelle.ports.records import ENTRIES, LOGS, MESSAGES
from tests.faults import landed
from tests.peers.copies import rows
from tests.peers.pair import Pair, partners


def well() -> tuple[Pair, dict[str, list[str]]]:
    """Two nodes at rest, and what was written on both."""
    pair = partners()
    dossier, message = pair.open_trace()
    pair.settle()
    answer = pair.answer("ma", dossier, "take-charge")
    pair.settle()
    return pair, {"be": [message.id], "ma": [answer.id]}


def check(pair: Pair, written: dict[str, list[str]]) -> None:
    landed.no_receipt_ahead(pair)
    assert landed.at_rest(pair)
    landed.all_well(pair, written)


def arrived(pair: Pair, message: str) -> object:
    return pair.ma.message(message)


def the_last_leaf_is_gone(pair: Pair, message: str) -> None:
    entry = next(one for one in rows(pair.ma.store, ENTRIES) if one.message == message)
    pair.ma.store.write("damage", lambda tx: tx.delete(ENTRIES, [(entry.origin, entry.index)]))


def a_leaf_is_another(pair: Pair, message: str) -> None:
    entry = next(one for one in rows(pair.ma.store, ENTRIES) if one.message == message)
    changed = msgspec.structs.replace(entry, leaf=entry.leaf + b" ")
    pair.ma.store.write("damage", lambda tx: tx.put(ENTRIES, [changed]))


def it_is_not_decided(pair: Pair, message: str) -> None:
    changed = msgspec.structs.replace(arrived(pair, message), state="unsequenced")  # type: ignore[type-var]
    pair.ma.store.write("damage", lambda tx: tx.put(MESSAGES, [changed]))


def it_waits_for_ever(pair: Pair, message: str) -> None:
    changed = msgspec.structs.replace(arrived(pair, message), state="waiting")  # type: ignore[type-var]
    pair.ma.store.write("damage", lambda tx: tx.put(MESSAGES, [changed]))


def only_one_side_knows_of_a_refusal(pair: Pair, message: str) -> None:
    changed = msgspec.structs.replace(arrived(pair, message), state="refused", checks=("9",))  # type: ignore[type-var]
    pair.ma.store.write("damage", lambda tx: tx.put(MESSAGES, [changed]))


def it_stands_in_two_logs(pair: Pair, message: str) -> None:
    entry = next(one for one in rows(pair.ma.store, ENTRIES) if one.message == message)
    doubled = msgspec.structs.replace(entry, origin=entry.origin.replace("routine", "flash"), index=99)
    pair.ma.store.write("damage", lambda tx: tx.put(ENTRIES, [doubled]))


def it_has_no_receipt(pair: Pair, message: str) -> None:
    log = next(one for one in rows(pair.be.store, LOGS) if one.origin == pair.be.message(message).origin)
    pair.be.store.write("damage", lambda tx: tx.put(LOGS, [msgspec.structs.replace(log, cosigned=log.size - 1)]))


def somebody_is_woken(pair: Pair, message: str) -> None:
    pair.be.store.write("damage", lambda tx: notes.alarm(tx, pair.be.ctx, "link.stopped", "ma", "it was put back"))


DAMAGES = [
    the_last_leaf_is_gone,
    a_leaf_is_another,
    it_is_not_decided,
    it_waits_for_ever,
    only_one_side_knows_of_a_refusal,
    it_stands_in_two_logs,
    it_has_no_receipt,
    somebody_is_woken,
]


def test_two_nodes_that_are_well_are_found_well() -> None:
    check(*well())


@pytest.mark.parametrize("damage", DAMAGES, ids=[one.__name__ for one in DAMAGES])
def test_each_damage_is_seen(damage: Callable[[Pair, str], None]) -> None:
    pair, written = well()
    damage(pair, written["be"][0])
    with pytest.raises(AssertionError):
        check(pair, written)


def test_a_write_that_returned_and_left_nothing_is_seen() -> None:
    pair, written = well()
    written["ma"].append(written["be"][0].replace("-7", "-8"))
    with pytest.raises(AssertionError, match="1 lost"):
        check(pair, written)


def test_a_file_that_was_attached_and_is_nowhere_is_seen() -> None:
    pair, _ = well()
    assert landed.files_whole(pair, {"be": {}, "ma": {}}) == 0
    with pytest.raises(AssertionError, match="attached, and not there"):
        landed.files_whole(pair, {"be": {"0" * 64: "0" * 64}, "ma": {}})
