"""Commands on what is carried by hand: write a courier file, import one, look at one."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from passerelle.cli import exits
from passerelle.cli.door import Answer, As, Folder, PartnerName, command, group, opened, permitted
from passerelle.cli.progress import progress
from passerelle.cli.screen import Screen
from passerelle.cli.terms import term
from passerelle.core.retold import retold
from passerelle.core.words import N_, _, n_

if TYPE_CHECKING:
    from passerelle.exchange.courier import Exported
    from passerelle.exchange.courier_import import Imported
    from passerelle.node import Node
    from passerelle.ports.people import Person

Out = Annotated[Path, typer.Option("--out", help="The new file.", show_default=False)]
CourierFile = Annotated[Path, typer.Argument(metavar="FILE", help="The courier file.", show_default=False)]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    made = group(app, "courier", "Courier: what goes to a partner in a file, by hand.")
    command(
        made,
        "export",
        "courier export /srv/be ma --out to-ma.courier",
        "courier export /srv/be ma --out to-ma-2.courier --lane routine --most 700000000 --next",
    )(export)
    command(
        made,
        "import",
        "courier import /srv/ma to-ma.courier --answer to-be.courier",
        "courier import /srv/be to-be.courier",
    )(import_)
    command(made, "show", "courier show to-ma.courier")(show)


def export(
    folder: Folder,
    partner: PartnerName,
    out: Out,
    as_: As,
    lane: Annotated[
        list[str] | None,
        typer.Option("--lane", metavar="flash|routine|governance", help="Only this lane. May be repeated."),
    ] = None,
    most: Annotated[int, typer.Option("--most", metavar="BYTES", help="Bytes of the file at most; 0: no limit.")] = 0,
    no_files: Annotated[bool, typer.Option("--no-files", help="Leave attachments out; they can follow.")] = False,
    onward: Annotated[
        bool, typer.Option("--next", help="Begin behind what the last file took along, though no answer is back.")
    ] = False,
) -> Answer:
    """Write all that a partner has not received yet into a file, sealed as on the wire, to be carried.

    The file also asks what the partner holds, and answers what it asked. Until an answer is back, a lane that was not
    compared since this machine started gives out no new index: the file says how much waits for that.
    """
    from passerelle.core.folders import fresh_file
    from passerelle.exchange import courier
    from passerelle.ledger.checkpoint import LANES

    with opened(folder) as node:
        who = permitted(node, as_, "courier.export", id=partner)
        with fresh_file(out) as file:
            made = courier.export(
                node.ctx,
                partner,
                file,
                by=who.id,
                lanes=tuple(lane or LANES),
                most=most,
                onward=onward,
                files=not no_files,
            )
        courier.published(node.ctx, made)
    value = _exported(made, out)
    room = not most or most - made.bytes + sum(one.pieces for one in made.lanes) * courier.PIECE >= courier.PIECE
    return Answer(value, lambda screen: _show_export(screen, value, room=room))


def _exported(made: "Exported", out: Path) -> dict[str, Any]:
    return {
        "file": str(out),
        "id": made.id,
        "to": made.partner,
        "bytes": made.bytes,
        "receipts": made.receipts,
        "refusals": made.refusals,
        "answers": made.answers,
        "lanes": [
            {
                "lane": one.lane,
                "state": one.state,
                "entries": one.entries,
                "batches": one.batches,
                "without_index": one.waiting,
                "left": one.left,
                "pieces": one.pieces,
                "pieces_left": one.pieces_left,
            }
            for one in made.lanes
        ],
    }


def _show_export(screen: Screen, value: dict[str, Any], *, room: bool) -> None:
    keys = ("lane", "entries", "batches", "without_index", "left", "pieces", "pieces_left", "state")
    rows = [[term(str(one[key])) for key in keys] for one in value["lanes"]]
    screen.table(keys, rows, "no messages, only receipts and answers")
    screen.line()
    for one in value["lanes"]:
        _tell_lane(screen, one)
        _tell_pieces(screen, one, room=room)
    words = _(
        "{file} ({size} bytes) is for {partner}; there: {command}",
        file=value["file"],
        size=value["bytes"],
        partner=value["to"],
        command=f"passerelle courier import DIR {Path(value['file']).name} --answer FILE",
    )
    screen.line(words)


def _tell_lane(screen: Screen, one: dict[str, Any]) -> None:
    lane, count = one["lane"], one["without_index"]
    if one["state"] == "asks" and count:
        words = n_(
            "{lane}: {count} message waits for the comparison: carry the file, bring back the answer, export again",
            "{lane}: {count} messages wait for the comparison: carry the file, bring back the answer, export again",
            count,
            lane=lane,
        )
        screen.line(words)
    elif one["state"] in ("stopped", "frozen"):
        screen.line(_("{lane}: the log stands still; see passerelle queue", lane=lane))
    elif count and not one["left"]:
        words = n_(
            "{lane}: {count} message is held back; passerelle queue says why",
            "{lane}: {count} messages are held back; passerelle queue says why",
            count,
            lane=lane,
        )
        screen.line(words)
    if one["left"]:
        left = one["left"] + (count if one["state"] == "compared" else 0)
        words = n_(
            "{lane}: {count} entry found no room; for the next file add --next",
            "{lane}: {count} entries found no room; for the next file add --next",
            left,
            lane=lane,
        )
        screen.line(words)


def _tell_pieces(screen: Screen, one: dict[str, Any], *, room: bool) -> None:
    if not (count := one["pieces_left"]):
        return
    lane = one["lane"]
    words = n_(
        "{lane}: {count} piece of attachments found no room; for the next file add --next",
        "{lane}: {count} pieces of attachments found no room; for the next file add --next",
        count,
        lane=lane,
    )
    screen.line(words)
    if not room:
        screen.line(_("{lane}: a piece takes 1 MiB, and --most leaves less: give it more", lane=lane))


def import_(
    folder: Folder,
    file: CourierFile,
    as_: As,
    answer: Annotated[
        Path | None,
        typer.Option("--answer", metavar="FILE", help="Write the answer for the partner into this new file."),
    ] = None,
    full: Annotated[
        bool, typer.Option("--full", help="The answer also takes along what the partner has not received yet.")
    ] = False,
) -> Answer:
    """Import a file that a partner handed over: messages, receipts, answers. Importing one twice changes nothing.

    Each part is judged as if it had come by network. The answer says what was received and what was refused; it is
    carried back and imported there with this same command.
    """
    from passerelle.core.errors import InputError
    from passerelle.core.folders import regular
    from passerelle.exchange import courier_import

    if answer is not None and answer.exists():
        raise InputError(f"--answer: expected a new file, got {answer}")
    with opened(folder) as node:
        who = permitted(node, as_, "courier.import")
        try:
            with regular(file) as source, progress(_("importing")) as advance:
                size = file.stat().st_size
                taken = courier_import.take(node.ctx, source, by=who.id, advance=lambda done: advance(done, size))
        except OSError as error:
            raise InputError(f"expected a readable file, got {file}: {error.strerror}") from None
        node.wake()
        value = _imported(taken)
        value["answer"] = _exported(_answer(node, who, taken, answer, full), answer) if answer is not None else None
    failed = taken.failed or taken.refused or taken.damage
    return Answer(value, lambda screen: _show_import(screen, value), exits.FAILED if failed else exits.DONE)


def _answer(node: "Node", who: "Person", taken: "Imported", path: Path, full: bool) -> "Exported":
    from passerelle.core.folders import fresh_file
    from passerelle.exchange import courier
    from passerelle.ledger.checkpoint import LANES

    lanes = LANES if full else taken.finished
    with fresh_file(path) as file:
        made = courier.export(
            node.ctx,
            taken.partner,
            file,
            by=who.id,
            lanes=lanes,
            refusals=taken.refusals,
            files=full,
            ask=full,
        )
    courier.published(node.ctx, made)
    return made


def _imported(taken: "Imported") -> dict[str, Any]:
    from passerelle.core.clock import to_iso

    return {
        "id": taken.id,
        "from": taken.partner,
        "written": to_iso(taken.time),
        "lanes": [{"lane": one.lane, "new": one.entries, "known": one.known} for one in taken.taken],
        "receipts": list(taken.receipts),
        "compared": list(taken.compared),
        "pieces": taken.pieces,
        "refused": taken.refused,
        "not_taken": taken.failed,
        "problems": [{"byte": one.at, "reason": retold(one.words)} for one in taken.problems],
        "damage": retold(taken.damage) or None,
        "asks": taken.asked,
    }


def _show_import(screen: Screen, value: dict[str, Any]) -> None:
    rows = [[one["lane"], str(one["new"]), str(one["known"])] for one in value["lanes"]]
    screen.table(("lane", "new", "known"), rows, "no messages")
    screen.line()
    screen.line(_("from {partner}, written {time}", partner=value["from"], time=value["written"]))
    if count := value["pieces"]:
        screen.line(n_("{count} piece of attachments", "{count} pieces of attachments", count))
    for key, words in _TOLD.items():
        if value[key]:
            screen.line(_(words, lanes=", ".join(value[key])))
    if count := value["refused"]:
        screen.line(
            n_("{partner} refused {count} batch", "{partner} refused {count} batches", count, partner=value["from"])
        )
    for one in value["problems"]:
        screen.line(_("byte {at} was not taken: {reason}", at=one["byte"], reason=one["reason"]))
    if (more := value["not_taken"] - len(value["problems"])) > 0:
        screen.line(n_("and {count} more part was not taken", "and {count} more parts were not taken", more))
    if value["damage"]:
        words = _("the file is damaged; what stands before is taken. {reason}", reason=value["damage"])
        screen.line(words)
    if value["answer"]:
        file, partner = value["answer"]["file"], value["from"]
        screen.line(_("the answer is in {file}: carry it to {partner}", file=file, partner=partner))
    elif value["asks"]:
        command_ = f"passerelle courier export DIR {value['from']} --out FILE"
        screen.line(
            _(
                "{partner} asks what is held here; the next file answers it: {command}",
                partner=value["from"],
                command=command_,
            )
        )


_TOLD = {
    "receipts": N_("received by the partner, more than was known: {lanes}"),
    "compared": N_("compared with the partner's copy, messages may go: {lanes}"),
}


def show(file: CourierFile) -> Answer:
    """Show what is in a courier file: from whom, to whom, which entries. Nothing is opened; no node is needed.

    Whether its sender is who it says is seen when it is imported.
    """
    from passerelle.core.errors import InputError
    from passerelle.core.folders import regular

    try:
        with regular(file) as source:
            value = _shown(source)
    except OSError as error:
        raise InputError(f"expected a readable file, got {file}: {error.strerror}") from None

    def tell(screen: Screen) -> None:
        rows = [[one["origin"], str(one["start"]), str(one["end"]), str(one["batches"])] for one in value["logs"]]
        screen.table(("origin", "start", "end", "batches"), rows, "no messages")
        screen.line()
        screen.line(
            _(
                "from {sender} to {partner}, written {time}, as it says",
                sender=value["from"],
                partner=value["to"],
                time=value["written"],
            )
        )
        screen.line(
            _(
                "receipts {receipts}, refusals {refusals}, answers {answers}, questions {questions}, pieces {pieces}",
                **value["parts"],
            )
        )
        screen.line(_("damaged: {reason}", reason=value["damage"]) if value["damage"] else _("whole"))

    return Answer(value, tell, exits.FAILED if value["damage"] else exits.DONE)


def _shown(source: Any) -> dict[str, Any]:
    from passerelle.core.clock import to_iso
    from passerelle.core.errors import ExchangeError, InputError, LedgerError
    from passerelle.exchange import courier_file, wire
    from passerelle.exchange.courier_file import DamageError, Kind

    parts = courier_file.read(source)
    try:
        head = courier_file.parse_head(next(parts).body)
    except (DamageError, LedgerError) as error:
        raise InputError(f"courier file: {error}") from None
    value: dict[str, Any] = {"id": head.id, "from": head.sender, "to": head.receiver, "written": to_iso(head.time)}
    counted = dict.fromkeys(Kind, 0)
    logs: dict[str, dict[str, Any]] = {}
    damage = ""
    try:
        for part in parts:
            counted[part.kind] += 1
            if part.kind is Kind.BATCH and len(logs) < _MOST_LOGS:
                found, _sealed = wire.parse_header(part.body)
                origin, begin = found.origin, found.start
                there = logs.setdefault(origin, {"origin": origin, "start": begin, "end": begin, "batches": 0})
                there["end"], there["batches"] = found.end, there["batches"] + 1
    except ExchangeError as error:
        damage = str(error)
    names = {"receipts": Kind.RECEIPT, "refusals": Kind.REFUSAL, "answers": Kind.ANSWER, "questions": Kind.QUESTION}
    told = {name: counted[kind] for name, kind in (names | {"pieces": Kind.PIECE}).items()}
    return value | {"logs": list(logs.values()), "parts": told, "damage": retold(damage) or None}


_MOST_LOGS = 1000
