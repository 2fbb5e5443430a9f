"""Checks 7 to 10: contents that should not have been sent, by a sender that checks nothing.

For every message that is refused: its entry stays, its content is not kept, nothing else at the receiver moves, exactly
one refusal for the batch goes back with the right numbers, and the sender's message says so.
"""

import copy
import os
from collections.abc import Iterator
from typing import Any

import pytest

from passerelle.core import ids, json
from passerelle.core.clock import to_iso
from passerelle.exchange import answering, governance, outbox
from passerelle.exchange.content import PLAIN_KINDS, UNANSWERED
from passerelle.exchange.outbox import Outgoing
from passerelle.identity.keys import b64
from passerelle.ledger import entry as entries
from passerelle.ports.records import (
    CONFLICTS,
    CONTENTS,
    DOSSIERS,
    ENTRIES,
    INSTRUMENTS,
    MESSAGES,
    WAITS,
    Content,
    Message,
)
from tests.peers.copies import fork
from tests.peers.pair import CATALOGUE, Pair, acts, partners, texts
from tests.unit.dossiers import samples

DAY = 86_400_000
OTHER = "0190a000-0000-7000-8000-000000000000"


@pytest.fixture(scope="module")
def base() -> Pair:
    """A channel in force, a dossier of be that ma has taken in charge."""
    pair = partners()
    dossier, _ = pair.open_trace()
    pair.settle()
    pair.answer("ma", dossier, "take-charge")
    pair.settle()
    return pair


def the_dossier(pair: Pair) -> Any:
    (found,) = pair.be.all(DOSSIERS)
    return found


def offer(pair: Pair, bodies: list[bytes], lane: str = "routine", names: list[str] | None = None) -> list[str]:
    """Put contents, whatever they are, in line at be and send them in one batch. Gives their message ids."""
    outgoing = []
    names = names or [ids.new_id() for _ in bodies]
    for name, body in zip(names, bodies, strict=True):
        salt = os.urandom(32)
        row = Message(
            id=name,
            partner="ma",
            direction="out",
            lane=lane,
            kind="act",
            state="unsequenced",
            noted=pair.clock.now(),
            size=len(body),
            commitment=entries.commit(salt, body),
            position=ids.order_of(ids.new_id()),
        )
        outgoing.append(Outgoing(row, Content(message=name, salt=salt, body=body)))
    pair.be.store.write("test.offer", lambda tx: outbox.write(tx, outgoing))
    pair.send(pair.be, lane)
    return names


def refuses(pair: Pair, bodies: list[bytes], lane: str = "routine", names: list[str] | None = None) -> list[str]:
    """The numbers with which ma refuses each of the contents, "" for one that it applies."""
    ma = pair.ma
    before = {kind.name: ma.all(kind) for kind in (DOSSIERS, INSTRUMENTS, WAITS, CONFLICTS)}
    contents = {one.message for one in ma.all(CONTENTS)}
    messages = {one.id for one in ma.all(MESSAGES)}
    size = len(ma.all(ENTRIES))
    names = offer(pair, bodies, lane, names)
    rows = [ma.message(name) for name in names]
    refused = [row for row in rows if row.state == "refused"]
    assert len(ma.all(ENTRIES)) == size + len(bodies)
    assert {row.state for row in rows} <= {"applied", "refused"}
    answers = [one for one in ma.all(MESSAGES) if one.direction == "out" and one.id not in messages]
    assert [one.kind for one in answers] == ["refusal"] * bool(refused)
    assert {row.refusal for row in refused} == {one.id for one in answers}
    kept = {one.message for one in ma.all(CONTENTS)}
    assert kept - contents == {row.id for row in rows if row.state == "applied"} | {one.id for one in answers}
    if len(refused) == len(rows):
        after = {kind.name: ma.all(kind) for kind in (DOSSIERS, INSTRUMENTS, WAITS, CONFLICTS)}
        after["dossiers"] = [_without_refused(one) for one in after["dossiers"]]
        before["dossiers"] = [_without_refused(one) for one in before["dossiers"]]
        assert after == before
    pair.settle()
    for row in refused:
        mine = pair.be.message(row.id)
        assert (mine.state, mine.checks, mine.refusal) == ("refused", row.checks, row.refusal)
    # A refusal is not answered.
    assert not [one for one in pair.be.all(MESSAGES) if one.kind == "refusal" and one.direction == "out"]
    return [",".join(row.checks) for row in rows]


def _without_refused(dossier: Any) -> Any:
    import msgspec

    return msgspec.structs.replace(dossier, refused=())


def act(pair: Pair, name: str = "ask-more", **changes: Any) -> dict[str, Any]:
    """A content that ma would apply, in the dossier that is open."""
    dossier = the_dossier(pair)
    made = samples.act("wanted-trace", name, dossier=dossier.id, after=list(dossier.heads), channel=pair.channel)
    return made | changes


def opening(pair: Pair, **changes: Any) -> dict[str, Any]:
    """A content that opens a dossier and uses every field there is."""
    person = copy.deepcopy(samples.YOUSSEF) | {
        "nationalities_text": "marocaine",
        "note": "Porte une barbe.",
        "births": [{"date": "1986", "until": "1987-02", "calendar": "gregorian", "kind": "between"}],
    }
    person["documents"][0]["note"] = "Périmé."
    made = acts.wanted_request(
        subjects=[person],
        channel=pair.channel,
        handling=["H0", "H2", "H3"],
        attachments=[copy.deepcopy(samples.PHOTO)],
        handling_note="Uniquement pour la brigade des fugitifs.",
    )
    made["statements"] = [samples.statement(text="Vu à Tanger.")]
    file = {"size": 5, "media": "image/png", "name": "vu.png", "key": b64(bytes(32))}
    made["attachments"] = [{"address": os.urandom(32).hex(), **file}]
    return made | changes


def encoded(contents: list[dict[str, Any]]) -> tuple[list[bytes], list[str]]:
    """Bytes and ids; each content under an id of its own unless its id was forged."""
    bodies, names = [], []
    for content in contents:
        name = ids.new_id()
        own = content | {"id": name} if content.get("id") == "<own>" else content
        bodies.append(json.canonical(own))
        names.append(name)
    return bodies, names


def test_the_contents_that_are_forged_below_are_applied_when_nothing_is_forged(base: Pair) -> None:
    pair = fork(base)
    bodies, names = encoded([opening(pair, id="<own>"), act(pair, id="<own>")])
    assert refuses(pair, bodies, names=names) == ["", ""]


# -- 9: bytes ----------------------------------------------------------------------------------------------------------

TEXT = "Recherche d'une personne visée par un mandat d'arrêt."
BYTES: dict[str, Any] = {
    "empty": lambda b: b"",
    "blank": lambda b: b" ",
    "null": lambda b: b"null",
    "a list": lambda b: b"[" + b + b"]",
    "a text": lambda b: b'"act"',
    "a number": lambda b: b"1",
    "cut": lambda b: b[:-1],
    "more behind": lambda b: b + b"x",
    "another object behind": lambda b: b + b"{}",
    "byte order mark": lambda b: b"\xef\xbb\xbf" + b,
    "UTF-16": lambda b: b.decode().encode("utf-16"),
    "not UTF-8": lambda b: b.replace(b"ask-more", b"ask-\xff"),
    "overlong UTF-8": lambda b: b.replace(b"ask-more", b"ask-\xc0\xad"),
    "a surrogate in UTF-8": lambda b: b.replace(b"ask-more", b"ask-\xed\xa0\x80"),
    "a key twice": lambda b: b[:-1] + b',"act":"close"}',
    "the same key twice, escaped": lambda b: b[:-1] + b',"\\u0061ct":"close"}',
    "a key twice inside": lambda b: b.replace(b'"releaser":', b'"author":"x","author":"y","releaser":'),
    "a float": lambda b: b.replace(b'"v":1', b'"v":1.0'),
    "an exponent": lambda b: b.replace(b'"v":1', b'"v":1e0'),
    "NaN": lambda b: b.replace(b'"v":1', b'"v":NaN'),
    "infinity": lambda b: b.replace(b'"v":1', b'"v":Infinity'),
    "minus zero": lambda b: b.replace(b'"v":1', b'"v":-1'),
    "a leading zero": lambda b: b.replace(b'"v":1', b'"v":01'),
    "a large integer": lambda b: b.replace(b'"v":1', b'"v":9007199254740993'),
    "a huge integer": lambda b: b.replace(b'"v":1', b'"v":1' + b"0" * 5000),
    "single quotes": lambda b: b.replace(b'"', b"'"),
    "a comment": lambda b: b.replace(b"{", b"{/**/", 1),
    "a comma at the end": lambda b: b[:-1] + b",}",
    "nesting 33": lambda b: b[:-1] + b',"more":' + b"[" * 32 + b"]" * 32 + b"}",
    "nesting 100,000": lambda b: b[:-1] + b',"more":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "nesting of objects": lambda b: b[:-1] + b',"more":' + b'{"a":' * 40 + b"1" + b"}" * 40 + b"}",
    **{
        f"{name} {form}": (lambda b, raw=raw: b.replace(TEXT.encode(), b"x" + raw + b"y"))
        for name, point in [
            ("NUL", 0),
            ("escape", 0x1B),
            ("backspace", 8),
            ("return", 13),
            ("delete", 0x7F),
            ("C1", 0x9B),
            ("right-to-left override", 0x202E),
            ("left-to-right embedding", 0x202A),
            ("pop isolate", 0x2069),
            ("isolate", 0x2066),
            ("line separator", 0x2028),
            ("paragraph separator", 0x2029),
            ("byte order mark inside", 0xFEFF),
            ("a non-character", 0xFDD0),
            ("the last of the plane", 0xFFFF),
        ]
        for form, raw in [("raw", chr(point).encode()), ("escaped", b"\\u%04x" % point)]
    },
    "a lone surrogate escaped": lambda b: b.replace(TEXT.encode(), b"\\ud800"),
    "a pair turned round": lambda b: b.replace(TEXT.encode(), b"\\udc00\\ud800"),
    "a control character in a key": lambda b: b[:-1] + b',"\\u0007":1}',
    "an override in a key": lambda b: b[:-1] + b',"\\u202ex":1}',
}


def test_bytes_that_are_not_the_strict_json_are_refused(base: Pair) -> None:
    pair = fork(base)
    names = [ids.new_id() for _ in BYTES]
    bodies = [change(json.canonical(act(pair, id=name))) for name, change in zip(names, BYTES.values(), strict=True)]
    assert dict(zip(BYTES, refuses(pair, bodies, names=names), strict=True)) == dict.fromkeys(BYTES, "9")


FINE = {
    "white space": lambda b: b.replace(b",", b" ,\n\t").replace(b"{", b"{ "),
    "keys in another order": lambda b: b"{" + b'"v":1,' + b[1:].replace(b',"v":1', b""),
    "escapes": lambda b: b.replace(b"ask-more", b"\\u0061sk-more"),
    "joiners": lambda b: b.replace(TEXT.encode(), "می\u200cخواهم \u200d".encode()),
    "an emoji of two escapes": lambda b: b.replace(TEXT.encode(), b"\\ud83d\\ude00 x"),
    "tab and line feed": lambda b: b.replace(TEXT.encode(), b"a\\tb\\nc"),
}


def test_what_is_only_unusual_is_applied_and_kept_as_the_bytes_that_came(base: Pair) -> None:
    for name, change in FINE.items():
        pair = fork(base)
        own = ids.new_id()
        body = change(json.canonical(act(pair, id=own)))
        assert refuses(pair, [body], names=[own]) == [""], name
        kept = pair.ma.store.read(lambda tx, own=own: tx.get(CONTENTS, own))  # type: ignore[misc]
        assert kept is not None
        assert kept.body == body


# -- 9: the fields that all kinds share --------------------------------------------------------------------------------

COMMON: dict[str, list[Any]] = {
    "v": [0, 2, -1, True, "1", None, [1], {}],
    "kind": ["", "Act", "acts", "refusals", "instrument", "instrument.", "receipt", 1, None, True, ["act"], {}],
    "id": [OTHER, "", 5, None, "<upper>", [OTHER], {}],
    "governance": [
        "",
        "1",
        "1/",
        "/1",
        "0/1",
        "01/1",
        "1/01",
        "1/-1",
        "-1/1",
        "1/1/1",
        " 1/1",
        "1/1 ",
        "1/1\n",
        "١/١",
        "1234567890/1",
        "1/1000000000000000000",
        1,
        None,
        True,
        [],
        {},
    ],
    "after": [
        None,
        "",
        OTHER,
        0,
        {},
        [1],
        [None],
        [""],
        [OTHER.upper()],
        [OTHER, OTHER],
        [[OTHER]],
        ["<own>"],
        [f"0190a000-0000-7000-8000-{n:012x}" for n in range(65)],
    ],
}
MISSING = object()


def plain(pair: Pair, kind: str) -> dict[str, Any]:
    """A content of a kind without dossier that ma would take, as far as it is of right form."""
    by = {"by": "be-chief"}
    more: dict[str, dict[str, Any]] = {
        "refusal": {"refused": [{"message": OTHER, "checks": ["9"]}]},
        "generation": {"previous": "", "size": 0, "root": b64(bytes(32)), "reason": "restored"} | by,
        "instrument.propose": {"instrument": texts.agreement(title="Another").decode()} | by,
        "instrument.sign": {"digest": pair.channel} | by,
        "instrument.reject": {"digest": pair.channel, "reason": "No."} | by,
        "instrument.terminate": {"digest": pair.channel, "reason": "Done.", "from": "2026-12-01T00:00:00Z"} | by,
        "index.publish": {"manifest": "{}"} | by,
        "index.expire": {"index": "wanted", "epochs": [], "reason": "Done."} | by,
    }
    return {"v": 1, "kind": kind, "id": "<own>", "governance": "1/3", "after": []} | more[kind]


def forged_common(content: dict[str, Any], own: str) -> Iterator[tuple[str, dict[str, Any]]]:
    for field, values in COMMON.items():
        yield f"{field} missing", {key: part for key, part in content.items() if key != field}
        for number, value in enumerate(values):
            forged = {"<upper>": own.upper(), "['<own>']": [own]}.get(str(value), value)
            if forged != content[field] or type(forged) is not type(content[field]):
                yield f"{field} {number} {str(value)[:30]!r}", content | {field: forged}
    yield "a key more", content | {"more": 1}
    yield "an empty key", content | {"": 1}
    yield "a capital key", content | {"V": 1}


# A change of keys that is wrong refuses its whole batch: `tests/peers/test_keys.py`.
_OTHERS = (*UNANSWERED, "keys.rotate", "keys.revoke")


@pytest.mark.parametrize("kind", ["act", *(kind for kind in PLAIN_KINDS if kind not in _OTHERS)])
def test_the_fields_that_all_kinds_share(base: Pair, kind: str) -> None:
    pair = fork(base)
    lane = "routine" if kind in ("act", "generation") else "governance"
    found: dict[str, str] = {}
    bodies, names, labels = [], [], []
    example = act(pair) if kind == "act" else plain(pair, kind)
    for label, _ in forged_common(example, OTHER):
        own = ids.new_id()
        made = dict(forged_common(example | {"id": own}, own))[label]
        bodies.append(json.canonical(made))
        names.append(own)
        labels.append(label)
    assert len(set(labels)) == len(labels)
    found = dict(zip(labels, refuses(pair, bodies, lane, names), strict=True))
    assert found == dict.fromkeys(labels, "9")
    assert len(labels) > 50


# -- 9: the kinds without dossier --------------------------------------------------------------------------------------

PERSONS = [MISSING, "", 1, None, True, [], {}, "x" * 201]
WORDS = [MISSING, "", 1, None, [], "x" * 2001]
DIGESTS = [MISSING, "", 1, None, [], "0" * 63, "0" * 65, "A" * 64, "g" * 64, "0" * 64 + "\n"]
MOMENTS = [
    MISSING,
    "",
    1,
    None,
    "2026-12-01",
    "2026-12-01T00:00:00",
    "2026-02-30T00:00:00Z",
    "2026-13-01T00:00:00Z",
    "2026-12-01T24:00:01Z",
    "2026-12-01T00:61:00Z",
    "2026-12-01T00:00:60Z",
    "2026-12-01 00:00:00Z",
    "26-12-01T00:00:00Z",
    "2026-12-01T00:00:00+25:00",
    "2026-12-01T00:00:00.1234Z",
    "2026-12-01T00:00:00Z\n",
    "0000-01-01T00:00:00Z",
    "２０２６-12-01T00:00:00Z",
    "2026-12-01t00:00:00z",
    "now",
]
PLAIN: dict[str, dict[str, list[Any]]] = {
    "generation": {
        "previous": [MISSING, 1, None, [], "x" * 65537],
        "size": [MISSING, -1, "0", None, True, [], 2**53],
        "root": [MISSING, "", 1, None, "A" * 43, "A" * 45],
        "by": PERSONS,
        "reason": WORDS,
    },
    "instrument.propose": {
        "instrument": [MISSING, "", 1, None, [], {}, "{}", "x", "[]", "null", "{" * 200_000, "x" * 262_145],
        "by": PERSONS,
    },
    "instrument.sign": {"digest": DIGESTS, "by": PERSONS},
    "instrument.reject": {"digest": DIGESTS, "by": PERSONS, "reason": WORDS},
    "instrument.terminate": {"digest": DIGESTS, "by": PERSONS, "reason": WORDS, "from": MOMENTS},
    "index.publish": {
        "manifest": [MISSING, "", 1, None, [], {}, "{}", "x", "[]", "null", "{" * 200, "x" * 16_385],
        "by": PERSONS,
    },
    "index.expire": {
        "index": [MISSING, "", 1, None, [], "Wanted", "a b", "-a", "x" * 41],
        "epochs": [MISSING, 1, None, {}, "0" * 64, ["0" * 63], ["0" * 64, "0" * 64], [1], ["G" * 64]],
        "by": PERSONS,
        "reason": WORDS,
    },
}


@pytest.mark.parametrize("kind", PLAIN)
def test_each_field_of_each_kind_without_dossier(base: Pair, kind: str) -> None:
    pair = fork(base)
    example = plain(pair, kind)
    assert set(PLAIN[kind]) == set(example) - {"v", "kind", "id", "governance", "after"}
    contents, labels = [], []
    for field, values in PLAIN[kind].items():
        for number, value in enumerate(values):
            labels.append(f"{field} {number} {str(value)[:20]!r}")
            contents.append(
                example | {field: value} if value is not MISSING else {k: v for k, v in example.items() if k != field}
            )
    bodies, names = encoded(contents)
    lane = "routine" if kind == "generation" else "governance"
    assert dict(zip(labels, refuses(pair, bodies, lane, names), strict=True)) == dict.fromkeys(labels, "9")


def forged_instruments(pair: Pair) -> dict[str, str]:
    """Texts that are no instrument between these two nodes."""
    good = texts.channel(pair.agreement, {"wanted-trace": {"digest": "1" * 64, "acts": ["*"]}}, title="T").decode()
    value = json.parse_object(good)
    made: dict[str, str] = {
        "not canonical": good.replace(",", ", "),
        "a key twice": good[:-1] + ',"v":1}',
        "a byte order mark": "\ufeff" + good if False else good + " ",
        "a key more": json.canonical(value | {"more": 1}).decode(),
        "version": json.canonical(value | {"v": 2}).decode(),
        "kind": json.canonical(value | {"kind": "treaty"}).decode(),
        "parties others": json.canonical(value | {"parties": ["be", "fr"]}).decode(),
        "parties one": json.canonical(value | {"parties": ["be"]}).decode(),
        "date": json.canonical(value | {"valid": {"from": "2026-02-30"}}).decode(),
        "end before": json.canonical(value | {"valid": {"from": "2026-02-01", "until": "2026-01-01"}}).decode(),
        "a purpose unknown": json.canonical(value | {"purposes": ["whatever"]}).decode(),
    }
    for key in value:
        if key not in ("supersedes", "links", "areas"):
            made[f"{key} missing"] = json.canonical({k: v for k, v in value.items() if k != key}).decode()
        made[f"{key} null"] = json.canonical(value | {key: None}).decode()
        made[f"{key} of another type"] = json.canonical(value | {key: 7 if key != "v" else "1"}).decode()
    return made


def test_a_text_that_is_no_instrument_of_the_two_is_refused(base: Pair) -> None:
    pair = fork(base)
    forged = forged_instruments(pair)
    contents = [plain(pair, "instrument.propose") | {"instrument": text} for text in forged.values()]
    bodies, names = encoded(contents)
    found = dict(zip(forged, refuses(pair, bodies, "governance", names), strict=True))
    assert found == dict.fromkeys(forged, "9")


def test_steps_that_the_state_of_an_instrument_does_not_allow(base: Pair) -> None:
    pair = fork(base)
    rejected = texts.channel(pair.agreement, {"wanted-trace": "1" * 64}, title="Rejected")
    record = governance.act(pair.be.ctx, "ma", "instrument.propose", "o", instrument=rejected.decode())
    pair.settle()
    governance.act(pair.ma.ctx, "be", "instrument.reject", "o", digest=record.digest, reason="No.")
    pair.settle()
    pair.clock.advance(1000)
    lonely = texts.channel("f" * 64, {"wanted-trace": "1" * 64}, title="Lonely")
    contents = [
        plain(pair, "instrument.sign"),  # signed already
        plain(pair, "instrument.sign") | {"digest": "0" * 64},
        plain(pair, "instrument.sign") | {"digest": record.digest},
        plain(pair, "instrument.reject"),  # only what is not signed yet
        plain(pair, "instrument.reject") | {"digest": "0" * 64},
        plain(pair, "instrument.terminate") | {"digest": "0" * 64},
        plain(pair, "instrument.terminate") | {"digest": record.digest},
        plain(pair, "instrument.propose") | {"instrument": rejected.decode()},
        plain(pair, "instrument.propose") | {"instrument": texts.agreement(supersedes="0" * 64).decode()},
    ]
    bodies, names = encoded(contents)
    assert refuses(pair, bodies, "governance", names) == ["10"] * len(contents)
    text = plain(pair, "instrument.propose") | {"instrument": lonely.decode()}
    bodies, names = encoded([text])
    assert refuses(pair, bodies, "governance", names) == [""]
    from passerelle.instruments.model import digest_of

    bodies, names = encoded([plain(pair, "instrument.sign") | {"digest": digest_of(lonely)}])
    assert refuses(pair, bodies, "governance", names) == ["10"]  # its agreement is not known


def test_a_kind_in_another_lane_than_its_own(base: Pair) -> None:
    pair = fork(base)
    for kind in ("instrument.propose", "instrument.sign", "instrument.reject", "instrument.terminate"):
        for lane in ("routine", "flash"):
            bodies, names = encoded([plain(pair, kind)])
            assert refuses(pair, bodies, lane, names) == ["9"], (kind, lane)
    bodies, names = encoded([act(pair, id="<own>")])
    assert refuses(pair, bodies, "governance", names) == ["9"]
    bodies, names = encoded([plain(pair, "generation")])
    assert refuses(pair, bodies, "governance", names) == ["9"]  # not the first entry


# -- 9: every field of an act, from its schema -------------------------------------------------------------------------

NOT_OF = {
    "string": [None, True, 0, [], {}],
    "array": [None, True, 0, "", {}],
    "object": [None, True, 0, "", []],
    "boolean": [None, 0, 1, "", "true", [], {}],
    "integer": [None, True, "", "1", [], {}],
}
DAYS = [
    "",
    "2026-02-30",
    "2026-13-01",
    "2025-02-29",
    "2026-1-1",
    "20261121",
    "2026-11-21T00:00:00Z",
    "2026-11-31",
    "0000-00-00",
    "٢٠٢٦-١١-٢١",
    "2026-11-21 ",
    "2026-11-21\n",
    "+2026-11-21",
    "tomorrow",
]
PARTIAL = [
    "",
    "86",
    "1986-3",
    "1986-03-1",
    "1986-00",
    "1986-13",
    "1986-02-30",
    "1986/03/14",
    "1986-03-14T00:00:00Z",
    "1986-",
    "1986-03-14\n",
    "١٩٨٦",
]
NO_BIRTH = ["3026", "1386-03-14"]


def wrong(
    schema: dict[str, Any], defs: dict[str, Any], value: Any, steps: tuple[Any, ...] = ()
) -> Iterator[tuple[tuple[Any, ...], Any]]:
    """Every place below a valid value, with every kind of value that the schema forbids there."""
    name = schema.get("$ref", "").removeprefix("#/$defs/")
    if name:
        if name == "partial-date":
            yield from ((steps, bad) for bad in (PARTIAL + NO_BIRTH if "births" in steps else PARTIAL))
        yield from wrong(defs[name], defs, value, steps)
        return
    if "const" in schema or "enum" in schema:
        words = schema.get("enum", [schema.get("const")])
        bad_words = (None, words != [True], 5, [], {}, "", "others", str(words[0]).upper() + "!", f"{words[0]} ")
        yield from ((steps, bad) for bad in bad_words)
        return
    kind = schema["type"]
    yield from ((steps, bad) for bad in NOT_OF[kind])
    if kind == "string":
        yield from ((steps, bad) for bad in _texts(schema, value))
    elif kind == "array":
        if "maxItems" in schema:
            yield steps, (value or [None]) * (schema["maxItems"] + 1)
        if schema.get("minItems"):
            yield steps, value[: schema["minItems"] - 1]
        if schema.get("uniqueItems") and value:
            yield steps, [*value, value[0]]
        for number, item in enumerate(value):
            yield from wrong(schema["items"], defs, item, (*steps, number))
    elif kind == "object":
        if schema.get("additionalProperties") is False:
            yield steps, value | {"more": "x"}
        for key in schema.get("required", ()):
            yield steps, {k: v for k, v in value.items() if k != key}
        for key, child in schema.get("properties", {}).items():
            if key in value:
                yield from wrong(child, defs, value[key], (*steps, key))


def _texts(schema: dict[str, Any], value: str) -> Iterator[str]:
    pattern = schema.get("pattern", "")
    if schema.get("format") == "date":
        yield from DAYS
    if "maxLength" in schema:
        yield "x" * (schema["maxLength"] + 1)
    if pattern:
        yield ""
        yield " "
    if pattern.startswith("^"):
        yield value + "\n"
        yield value + " "
        yield " " + value
        yield value * 200


def put(content: dict[str, Any], steps: tuple[Any, ...], value: Any) -> dict[str, Any]:
    made = copy.deepcopy(content)
    at: Any = made
    for step in steps[:-1]:
        at = at[step]
    at[steps[-1]] = value
    return made


# The fields that all kinds share are forged above; they are judged before the schema is.
SHARED = {"v", "kind", "id", "governance", "after"}
TYPES = sorted(CATALOGUE.types)


def by_field(
    schema: dict[str, Any], defs: dict[str, Any], content: dict[str, Any]
) -> dict[str, list[tuple[tuple[Any, ...], Any]]]:
    found: dict[str, list[tuple[tuple[Any, ...], Any]]] = {}
    for steps, value in wrong(schema, defs, content):
        if steps and steps[0] not in SHARED:
            found.setdefault(str(steps[0]), []).append((steps, value))
    return found


ENVELOPE = dict(CATALOGUE.types["wanted-trace"].envelope)
FIELDS = [name for name in ENVELOPE["properties"] if name not in SHARED]


@pytest.mark.parametrize("field", FIELDS)
def test_each_field_of_the_envelope_with_every_value_its_schema_forbids(base: Pair, field: str) -> None:
    pair = fork(base)
    content = opening(pair)
    assert field in content
    found = by_field(ENVELOPE, ENVELOPE["$defs"], content)[field]
    checked(pair, content, found)


@pytest.mark.parametrize("kind", sorted(set(TYPES) & set(samples.OPENINGS)))
def test_each_field_of_each_body_with_every_value_its_schema_forbids(base: Pair, kind: str) -> None:
    pair = fork(base)
    count = 0
    for name, what in CATALOGUE.types[kind].acts.items():
        content = samples.act(
            kind, name, dossier=the_dossier(pair).id, channel=pair.channel, after=list(the_dossier(pair).heads)
        )
        if what.opening:
            content = samples.OPENINGS[kind](channel=pair.channel)
        if what.refers:
            content["body"]["message"] = the_dossier(pair).heads[0]
        schema = dict(what.schema)
        found = [(("body", *steps), value) for steps, value in wrong(schema, schema["$defs"], content["body"]) if steps]
        found.append((("body", "more"), "x"))
        found += [
            (("body",), {k: v for k, v in content["body"].items() if k != key}) for key in schema.get("required", ())
        ]
        checked(pair, content, found)
        count += len(found)
    assert count > 300


def checked(pair: Pair, content: dict[str, Any], found: list[tuple[tuple[Any, ...], Any]]) -> None:
    """Every one of the forged contents is refused with 9."""
    pair.clock.advance(DAY)  # a fresh day: the channel's limit is not what is tried here
    for start in range(0, len(found), 400):
        part = found[start : start + 400]
        bodies, names = encoded([put(content | {"id": "<own>"}, steps, value) for steps, value in part])
        labels = [(steps, str(value)[:40]) for steps, value in part]
        numbers = refuses(pair, bodies, names=names)
        assert [(label, number) for label, number in zip(labels, numbers, strict=True) if number != "9"] == []


def test_all_fields_of_the_envelope_are_required_or_known() -> None:
    """What is forged above is every field of the form."""
    properties = set(ENVELOPE["properties"])
    assert set(ENVELOPE["required"]) <= properties
    assert properties == SHARED | set(FIELDS)


@pytest.mark.parametrize("field", sorted(set(ENVELOPE["required"]) - SHARED))
def test_each_required_field_is_missed(base: Pair, field: str) -> None:
    pair = fork(base)
    content = {key: part for key, part in opening(pair, id="<own>").items() if key != field}
    bodies, names = encoded([content])
    assert refuses(pair, bodies, names=names) == ["9"]


PERSON: dict[str, Any] = {
    "a birth that no calendar has": {"births": [{"date": "1987-02-29", "calendar": "gregorian", "kind": "exact"}]},
    "a birth in the future": {"births": [{"date": "2027", "calendar": "gregorian", "kind": "exact"}]},
    "a Hijri day that does not exist": {"births": [{"date": "1399-01-31", "calendar": "hijri", "kind": "exact"}]},
    "a minor who says no": {"births": [{"date": "2015", "calendar": "gregorian", "kind": "exact"}]},
    "an adult who says yes": {"minor": "yes"},
    "between without until": {"births": [{"date": "1986", "calendar": "gregorian", "kind": "between"}]},
    "until without between": {"births": [{"date": "1986", "until": "1987", "calendar": "gregorian", "kind": "exact"}]},
    "until before": {"births": [{"date": "1986", "until": "1980", "calendar": "gregorian", "kind": "between"}]},
    "a passport of a day that does not exist": {
        "documents": [{"kind": "passport", "number": "X", "issued": "2019-06-31"}]
    },
    "a passport of tomorrow": {"documents": [{"kind": "passport", "number": "X", "issued": "2027"}]},
    "a category of another type": {"category": "listed"},
}
SEMANTIC: dict[str, dict[str, Any]] = {
    "a note without H3": {"handling": ["H0"], "handling_note": "x"},
    "H3 without a note": {"handling": ["H3"]},
    "nobody": {"subjects": []},
    "two persons": {"subjects": [samples.YOUSSEF, samples.LIEVE | {"key": "p2"}]},
    "one key twice": {"subjects": [samples.YOUSSEF, samples.YOUSSEF]},
    "a statement about nobody": {"statements": [samples.statement("p9")]},
    "privileged material": {"statements": [samples.statement(privileged="lawyer")]},
    "risk of ill-treatment without the bar": {"statements": [samples.statement(risk_of_ill_treatment=True)]},
    "an opening behind something": {"after": ["<head>"]},
    "a type that no catalogue has": {"type": "wanted-traces"},
    "an act that the type has not": {"act": "torture"},
    "a warrant of tomorrow": {"body": {"warrant": samples.WARRANT | {"date": "2027-01-01"}}},
    "kept until yesterday": {"retention": "2026-11-19"},
    **{name: {"subjects": [samples.YOUSSEF | change]} for name, change in PERSON.items()},
}


def test_what_a_schema_cannot_say_is_checked_too(base: Pair) -> None:
    pair = fork(base)
    contents = []
    for changes in SEMANTIC.values():
        after = {"after": list(the_dossier(pair).heads)} if "after" in changes else {}
        contents.append(acts.wanted_request(channel=pair.channel) | {"id": "<own>"} | changes | after)
    bodies, names = encoded(contents)
    found = dict(zip(SEMANTIC, refuses(pair, bodies, names=names), strict=True))
    assert {name: number for name, number in found.items() if "9" not in number.split(",")} == {}


# -- 8: the channel ----------------------------------------------------------------------------------------------------

NARROW: dict[str, Any] = {
    "fields": ["subjects.names", "subjects.births", "body.*", "statements.text", "reference", "statements.about"],
    "categories": ["wanted"],
    "handling": ["H0", "H2"],
    "retention": "P1Y",
    "lanes": ["routine"],
    "purposes": ["criminal-investigation"],
    "articles": ["7(2)"],
    "limits": {"entries": 100, "bytes": 20_000},
}


@pytest.fixture(scope="module")
def narrow() -> Pair:
    types = {
        "wanted-trace": {
            "digest": CATALOGUE.types["wanted-trace"].digest,
            "version": "1.0",
            "acts": ["request", "ask-more", "cancelled"],
            "four_eyes": ["request"],
        }
    }
    pair = partners()
    pair.channel = pair.sign(texts.channel(pair.agreement, types, title="Narrow", **NARROW))
    pair.clock.advance(1000)
    return pair


def small(pair: Pair, **changes: Any) -> dict[str, Any]:
    """An opening that the narrow channel allows."""
    person = {key: samples.YOUSSEF[key] for key in ("key", "category", "names", "births", "minor")}
    made = samples.act(
        "wanted-trace", "request", channel=pair.channel, subjects=[person], body={"warrant": samples.WARRANT}
    )
    return made | {"id": "<own>"} | changes


PERSON_MORE = {key: samples.YOUSSEF[key] for key in ("key", "category", "names", "births", "minor", "nationalities")}
CHANNEL: dict[str, tuple[dict[str, Any], str]] = {
    "purpose": ({"purpose": "prosecution"}, "8"),
    "purpose unknown": ({"purpose": "curiosity"}, "8"),
    "article that the channel has not": ({"basis": "7(1)"}, "8"),
    "article that nobody has": ({"basis": "99"}, "8"),
    "service of nobody": ({"recipient": "customs"}, "8"),
    "service of the other wall": ({"recipient": "intelligence"}, "8"),
    "handling": ({"handling": ["H0", "H1"]}, "8"),
    "classification too high": ({"classification": "confidential"}, "8"),
    "classification unknown": ({"classification": "top secret"}, "8"),
    "classification of the other side": ({"classification": "diffusion-restreinte"}, "8"),
    "kept too long": ({"retention": "2027-11-22"}, "8"),
    "kept very long": ({"retention": "9999-12-31"}, "8"),
    "one person for both": ({"four_eyes": {"author": "be-017", "releaser": "be-017", "audit": samples.AUDIT}}, "8"),
    "a field of the person": ({"subjects": [PERSON_MORE]}, "8"),
    "a field of a statement": ({"statements": [samples.statement()]}, "8"),
    "an optional field": ({"also_via": ["INTERPOL"]}, "9,8"),
    "a category": ({"subjects": [samples.LIEVE | {"sex": "female"}]}, "8"),
    "too large": ({"body": {"warrant": samples.WARRANT | {"offence": "x" * 1000}}, "necessity": "x" * 2000}, ""),
}


def test_what_the_channel_does_not_allow(narrow: Pair) -> None:
    pair = fork(narrow)
    bodies, names = encoded([small(pair)])
    assert refuses(pair, bodies, names=names) == [""]
    for name, (changes, number) in CHANNEL.items():
        pair = fork(narrow)
        bodies, names = encoded([small(pair, **changes)])
        if name == "an optional field":
            continue
        assert refuses(pair, bodies, names=names) == [number], name


def test_an_act_or_a_type_or_a_lane_that_the_channel_has_not(narrow: Pair) -> None:
    pair = fork(narrow)
    dossier = ids.new_id()
    bodies, names = encoded([small(pair, dossier=dossier)])
    assert refuses(pair, bodies, names=names) == [""]
    after = [names[0]]
    act_ = samples.act("wanted-trace", "remind", channel=pair.channel, dossier=dossier, after=after)
    bodies, names = encoded([act_ | {"id": "<own>"}])
    assert refuses(pair, bodies, names=names) == ["8"]
    gone = samples.act("wanted-trace", "cancelled", channel=pair.channel, dossier=dossier, after=after)
    bodies, names = encoded([gone | {"id": "<own>"}])
    assert refuses(pair, bodies, "flash", names) == ["8"]
    bodies, names = encoded([small(pair)])
    assert refuses(pair, bodies, "flash", names) == ["8"]  # neither the channel nor the act
    notice = samples.act(
        "listed-person", "notice", channel=pair.channel, subjects=[samples.HAMZA], body=acts.listed_notice()["body"]
    )
    bodies, names = encoded([notice | {"id": "<own>"}])
    assert refuses(pair, bodies, names=names) == ["8"]


def test_a_type_whose_file_is_another_on_the_channel() -> None:
    pair = partners()
    types = {"wanted-trace": {"digest": "1" * 64, "version": "1.0", "acts": ["*"]}}
    pair.channel = pair.sign(texts.channel(pair.agreement, types, title="Other file"))
    pair.clock.advance(1000)
    bodies, names = encoded([small(pair)])
    assert refuses(pair, bodies, names=names) == ["8"]


def test_an_act_larger_than_a_day_of_its_channel() -> None:
    """The batch as a whole passes the limit a day, so it is refused whole, and nothing changes."""
    pair = partners(channel={"limits": {"entries": 10, "bytes": 2000}})
    bodies, names = encoded([small(pair)])
    assert len(bodies[0]) < 2000
    assert refuses(pair, bodies, names=names) == [""]
    bodies, names = encoded([small(pair, necessity="x" * 1999)])
    assert len(bodies[0]) > 2000
    from tests.peers.copies import dump
    from tests.peers.pair import BatchRefusedError

    before = dump(pair.ma.store)
    with pytest.raises(BatchRefusedError) as error:
        offer(pair, bodies, names=names)
    assert str(error.value.check) == "6"
    assert dump(pair.ma.store) == before


# -- 7: the instrument -------------------------------------------------------------------------------------------------


def later(pair: Pair, days: float) -> Pair:
    pair.clock.advance(int(days * DAY))
    return pair


def proposed(pair: Pair, *signers: str, **changes: Any) -> str:
    """A channel that only some have signed."""
    text = texts.channel(pair.agreement, _types(), title="Half", **changes)
    record = governance.act(pair.be.ctx, "ma", "instrument.propose", "o", instrument=text.decode())
    pair.settle()
    for name in signers:
        peer = pair.peer(name)
        governance.act(peer.ctx, pair.other(peer).ctx.name, "instrument.sign", "o", digest=record.digest)
        pair.settle()
    pair.clock.advance(1000)
    return record.digest


def _types() -> dict[str, Any]:
    from tests.peers.pair import TYPES

    return TYPES


def numbers(pair: Pair, **changes: Any) -> list[str]:
    bodies, names = encoded([small(pair, **changes)])
    return refuses(pair, bodies, names=names)


def test_a_channel_that_is_unknown_or_none(base: Pair) -> None:
    assert numbers(fork(base), channel="0" * 64) == ["7"]
    assert numbers(fork(base), channel=base.agreement) == ["7"]


@pytest.mark.parametrize("signers", [(), ("be",), ("ma",)], ids=["nobody", "be", "ma"])
def test_a_channel_that_not_both_have_signed(base: Pair, signers: tuple[str, ...]) -> None:
    pair = fork(base)
    assert numbers(pair, channel=proposed(pair, *signers)) == ["7"]
    assert numbers(pair) == [""]


def test_a_channel_that_was_rejected_after_one_had_signed(base: Pair) -> None:
    pair = fork(base)
    digest = proposed(pair, "be")
    governance.act(pair.ma.ctx, "be", "instrument.reject", "o", digest=digest, reason="No.")
    pair.settle()
    assert numbers(pair, channel=digest) == ["7"]


def test_a_channel_that_has_not_begun_or_has_ended(base: Pair) -> None:
    pair = fork(base)
    pair.channel = pair.sign(
        texts.channel(pair.agreement, _types(), title="Soon", valid={"from": "2026-12-01", "until": "2026-12-10"})
    )
    pair.clock.advance(1000)
    assert numbers(pair) == ["7"]
    later(pair, 10)
    assert numbers(pair) == [""]
    pair.clock.time = 1_796_860_800_000 - 1  # the last millisecond of 10 December
    assert to_iso(pair.clock.now()) == "2026-12-09T23:59:59.999Z"
    pair.clock.time += DAY
    assert numbers(pair, retention="2027-06-01") == [""]
    pair.clock.advance(1)
    assert numbers(pair, retention="2027-06-01") == ["7"]


def test_a_termination_of_the_receiver_counts_after_the_grace_that_of_the_sender_at_once(base: Pair) -> None:
    for by, within in (("ma", ""), ("be", "7")):
        pair = fork(base)
        peer = pair.peer(by)
        governance.act(
            peer.ctx,
            pair.other(peer).ctx.name,
            "instrument.terminate",
            "o",
            digest=pair.channel,
            reason="x",
            **{"from": to_iso(pair.clock.now())},
        )
        pair.settle()
        pair.clock.advance(1000)
        assert numbers(pair) == [within], by
        assert numbers(later(pair, 4)) == ["7"], by


def test_a_channel_whose_agreement_has_ended(base: Pair) -> None:
    pair = fork(base)
    governance.act(
        pair.be.ctx,
        "ma",
        "instrument.terminate",
        "o",
        digest=pair.agreement,
        reason="x",
        **{"from": to_iso(pair.clock.now())},
    )
    pair.settle()
    pair.clock.advance(1000)
    assert numbers(pair) == ["7"]


def test_a_superseded_channel(base: Pair) -> None:
    pair = fork(base)
    old = pair.channel
    pair.channel = pair.sign(texts.channel(pair.agreement, _types(), title="Next", supersedes=old))
    pair.clock.advance(1000)
    assert numbers(pair) == [""]
    assert numbers(later(pair, 4)) == [""]
    assert numbers(pair, channel=old) == ["7"]


def test_a_message_written_in_time_that_comes_after_the_grace(base: Pair) -> None:
    """Of a channel whose end both foresaw: within the grace it is taken, after it no longer."""
    for days, number in ((2.9, ""), (3.1, "7")):
        pair = fork(base)
        text = texts.channel(
            pair.agreement, _types(), title="Short", valid={"from": "2026-01-01", "until": "2026-11-21"}
        )
        pair.channel = pair.sign(text)
        pair.clock.advance(1000)
        bodies, names = encoded([small(pair)])
        real, pair.be.sender.step = pair.be.sender.step, lambda lane: None  # type: ignore[method-assign]
        offer(pair, bodies, names=names)
        outbox.sequence(pair.be.ctx, "ma", "routine")
        pair.be.sender.step = real  # type: ignore[method-assign]
        pair.clock.time = 1_795_305_600_000 + int(days * DAY)
        assert to_iso(1_795_305_600_000) == "2026-11-22T00:00:00.000Z"
        pair.settle()
        assert ",".join(pair.ma.message(names[0]).checks) == number


# -- 10: the state of the dossier --------------------------------------------------------------------------------------


def test_what_the_state_of_the_dossier_does_not_allow(base: Pair) -> None:
    pair = fork(base)
    dossier = the_dossier(pair)
    first = next(one for one in pair.be.all(MESSAGES) if one.act == "request")
    theirs = next(one for one in pair.be.all(MESSAGES) if one.act == "take-charge")
    contents = {
        "nothing to resume": act(pair, "resume"),
        "not ended": act(pair, "reopen"),
        "arrested nobody": act(pair, "extradition-announced"),
        "an act of the other side": act(pair, "take-charge"),
        "another act of the other side": act(pair, "review"),
        "a dossier that nobody opened": act(pair, dossier=ids.new_id()),
        "a second opening": acts.wanted_request(channel=pair.channel, dossier=dossier.id),
        "another type's": samples.act(
            "listed-person", "ask-more", dossier=dossier.id, channel=pair.channel, after=list(dossier.heads)
        ),
        "corrects what another wrote": act(pair, "correct", body=samples.BODIES["correct"] | {"message": theirs.id}),
        "corrects what nobody wrote": act(pair, "correct", body=samples.BODIES["correct"] | {"message": OTHER}),
        "asks to pass on what it wrote itself": act(
            pair, "ask-onward", body=samples.BODIES["ask-onward"] | {"message": first.id}
        ),
        "about a person of nobody": act(pair, statements=[samples.statement("p7")]),
        "after nothing": act(pair, after=[]),
    }
    bodies, names = encoded([content | {"id": "<own>"} for content in contents.values()])
    found = dict(zip(contents, refuses(pair, bodies, names=names), strict=True))
    # That an act is of the other side, the content alone tells as soon as it is known who opened.
    found = {name: number for name, number in found.items() if number != "10"}
    assert found == {"an act of the other side": "9", "another act of the other side": "9"}


def test_a_dossier_with_somebody_else(base: Pair) -> None:
    import msgspec

    pair = fork(base)
    foreign = ids.new_id()
    row = msgspec.structs.replace(pair.ma.dossier(the_dossier(pair).id), id=foreign, partner="fr", opener="fr")
    pair.ma.store.write("test", lambda tx: tx.put(DOSSIERS, [row]))
    bodies, names = encoded(
        [
            act(pair, dossier=foreign, id="<own>"),
            acts.wanted_request(channel=pair.channel, dossier=foreign) | {"id": "<own>"},
        ]
    )
    assert refuses(pair, bodies, names=names) == ["10", "10"]
    assert pair.ma.dossier(foreign) == row
    listed = pair.ma.store.read(lambda tx: tx.scan(MESSAGES, "by_dossier", (foreign,), limit=10))
    assert listed == []  # it does not stand among that dossier's messages


def test_all_reasons_are_given_at_once(base: Pair) -> None:
    pair = fork(base)
    contents = [
        act(pair, "resume", channel="0" * 64, id="<own>"),
        act(pair, "resume", purpose="curiosity", id="<own>"),
        act(pair, "resume", purpose="curiosity", urgency="x", id="<own>"),
    ]
    bodies, names = encoded(contents)
    assert refuses(pair, bodies, names=names) == ["7,10", "8,10", "9"]
    later(pair, 700)
    bodies, names = encoded([act(pair, "resume", purpose="curiosity", retention="2028-11-21", id="<own>")])
    assert refuses(pair, bodies, names=names) == ["7,8,10"]


def test_a_partner_learns_the_numbers_and_no_word_more(base: Pair) -> None:
    pair = fork(base)
    bodies, names = encoded([act(pair, purpose="curiosity", id="<own>")])
    assert refuses(pair, bodies, names=names) == ["8"]
    refusal = next(one for one in pair.be.all(MESSAGES) if one.kind == "refusal")
    kept = pair.be.store.read(lambda tx: tx.get(CONTENTS, refusal.id))
    assert kept is not None
    assert json.parse_object(kept.body)["refused"] == [{"message": names[0], "checks": ["8"]}]
    assert "purpose" in pair.ma.message(names[0]).reason
    assert pair.be.message(names[0]).reason == ""


def test_a_thousand_refused_in_one_batch_come_back_in_one_refusal(base: Pair) -> None:
    pair = fork(base)
    object.__setattr__(pair.be.ctx, "policy", type(pair.be.ctx.policy)(batch_entries=1000))
    assert set(refuses(pair, [b"{}"] * 1000)) == {"9"}
    assert answering.status(pair.ma.ctx, pair.be.sender.question(bytes(16)))
