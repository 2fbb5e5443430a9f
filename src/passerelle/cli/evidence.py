"""Commands on evidence: write it on a node, verify it anywhere."""

import re
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, BinaryIO

import typer

from passerelle.cli import exits, help
from passerelle.cli.door import (
    Answer,
    As,
    Folder,
    PartnerName,
    acting,
    command,
    group,
    opened,
    permitted,
    read_file,
    said,
    write_file,
)
from passerelle.cli.progress import Advance, progress
from passerelle.cli.screen import Screen
from passerelle.cli.terms import term
from passerelle.core.retold import retold
from passerelle.core.words import _

if TYPE_CHECKING:
    from passerelle.node import Node
    from passerelle.oversight.statements import Report
    from passerelle.oversight.verify_audit import Trusted
    from passerelle.ports.people import Person


def register(app: typer.Typer) -> None:
    """Add the commands."""
    made = group(app, "evidence", "Evidence: of a dossier or a message, or a whole log.", help.Usual)
    command(made, "of", "evidence of /srv/be 019ab3 --out evidence.json --as ann")(evidence)
    command(made, "log", "evidence log /srv/be ma --lane routine --direction out --out routine.log --as eva")(log)
    command(
        app,
        "verify",
        "verify evidence.json",
        "verify evidence.json --trust be.json --trust ma.json",
        "verify trail.json --trust be.json --trust oversight.json",
        "verify routine.log --trust be.json --trust ma.json",
        "verify evidence.json --audit november.json --trust be.json --trust ma.json",
        "verify evidence.json --attachment passport.jpg --trust be.json --trust ma.json",
        "verify question.json --audit be-november.json --audit ma-november.json --trust be.json --trust ma.json",
    )(verify)


def evidence(
    folder: Folder,
    wanted: Annotated[
        str,
        typer.Argument(
            metavar="DOSSIER|MESSAGE",
            help="Id of a dossier or a message or its beginning, or a reference, own or the partner's.",
        ),
    ],
    out: Annotated[Path, typer.Option("--out", help="The new file.", show_default=False)],
    reason: Annotated[
        str, typer.Option("--reason", help="Why: needed when you neither have the dossier nor acted in it.")
    ] = "",
    *,
    as_: As,
) -> Answer:
    """Write everything that proves a dossier or a message into one file. It holds personal data in clear."""
    from passerelle.cli.finding import find, find_dossier
    from passerelle.core.errors import InputError, NotFoundError
    from passerelle.office import consulting
    from passerelle.office.veil import Veil
    from passerelle.oversight.evidence import collect
    from passerelle.ports.records import MESSAGES
    from passerelle.ports.store import Reading

    if out.exists() or not out.absolute().parent.is_dir():
        raise InputError(f"--out: expected a new file in a folder that is there, got {out}")

    def named(tx: Reading, node: "Node", who: "Person") -> str:
        try:
            return find_dossier(tx, wanted, Veil(tx, node.office, who)).id
        except NotFoundError:
            return find(tx, MESSAGES, wanted, "a dossier or a message", Veil(tx, node.office, who)).id

    with opened(folder) as node:
        who = acting(node, as_)
        found = node.store.read(lambda tx: named(tx, node, who))
        why = node.store.read(lambda tx: consulting.evidence(tx, node.office, who, found, reason))
        with progress(_("collecting")) as advance:
            data = collect(node.ctx, node.identity, found, who.id, advance, reason=why)
    write_file(out, data)
    value = {"id": found, "file": str(out), "bytes": len(data)}
    words = _(
        "evidence of {id} is in {file} ({size} bytes); check it with: {command}",
        id=found,
        file=out,
        size=len(data),
        command=f"passerelle verify {out}",
    )
    return said(value, words)


def log(
    folder: Folder,
    partner: PartnerName,
    lane: Annotated[
        str, typer.Option("--lane", metavar="flash|routine|governance", help="The lane.", show_default=False)
    ],
    direction: Annotated[
        str, typer.Option("--direction", metavar="out|in", help="What this node sent, or received.", show_default=False)
    ],
    out: Annotated[Path, typer.Option("--out", help="The new file.", show_default=False)],
    as_: As,
    generation: Annotated[
        int, typer.Option("--generation", help="Which generation of the log.", show_default="the newest")
    ] = 0,
) -> Answer:
    """Write a whole log into a file: every entry without its content, checkpoint, receipt, keys.

    `passerelle verify` checks all of it without the node.
    """
    from passerelle.core.errors import InputError
    from passerelle.core.folders import fresh_file
    from passerelle.ledger.checkpoint import LANES
    from passerelle.oversight import evidence_log

    if lane not in LANES or direction not in ("out", "in"):
        raise InputError(f"expected a lane among {', '.join(LANES)} and a direction out or in, got {lane}, {direction}")
    with opened(folder) as node:
        who = permitted(node, as_, "link.prove", id=partner, lane=lane)
        found = node.store.read(lambda tx: evidence_log.find(tx, partner, direction, lane, generation))
        with fresh_file(out) as file, progress(_("writing")) as advance:
            entries, cosigned = evidence_log.write(node.ctx, node.identity, found, file, who.id, advance)
    value = {"origin": found.origin, "file": str(out), "entries": entries, "cosigned": cosigned}
    words = _(
        "{origin}: {entries} entries, {cosigned} of them received, are in {file}; check it with: {command}",
        command=f"passerelle verify {out}",
        **value,
    )
    return said(value, words)


def verify(
    file: Annotated[
        Path,
        typer.Argument(
            metavar="FILE",
            help="The evidence file, a whole log, an export of an audit log, or an opened question.",
            show_default=False,
        ),
    ],
    trust: Annotated[
        list[Path] | None,
        typer.Option(
            "--trust",
            metavar="IDENTITY",
            help="An identity file that you trust, of a node or of a witness. May be repeated.",
        ),
    ] = None,
    audit: Annotated[
        list[Path] | None,
        typer.Option(
            "--audit",
            metavar="FILE",
            help="Hold it against this export of an audit log. May be repeated for an opened question.",
        ),
    ] = None,
    attachment: Annotated[
        list[Path] | None,
        typer.Option(
            "--attachment",
            metavar="FILE",
            help="Say whether this plain file is one that a message of the evidence announced. May be repeated.",
        ),
    ] = None,
) -> Answer:
    """Check an evidence file, a whole log, an audit export or an opened question: no node, no network.

    Says of each statement whether it holds, and why.

    Without trusted identity files the verdict is at most "consistent, identities unconfirmed".
    """
    from passerelle.core.errors import InputError
    from passerelle.identity import fingerprint
    from passerelle.oversight import verify as verifier
    from passerelle.oversight import verify_audit, verify_files, verify_log, verify_search

    trusted = [verify_audit.identity_of(read_file(path, "--trust")) for path in trust or []]
    with progress(_("verifying")) as advance:
        report = _report(file, audit or [], trusted, advance)
        if attachment:
            data = read_file(file, "evidence")
            if verify_audit.is_audit(data) or verify_log.is_log(data) or verify_search.is_opening(data):
                raise InputError(
                    "--attachment: expected an evidence file, got an export of an audit log, or of another"
                )
            report = verify_files.verify(report, data, {str(path): partial(_readable, path) for path in attachment})
    value: dict[str, Any] = {
        "verdict": report.verdict,
        "statements": [
            {"about": one.about, "says": retold(one.says), "result": one.result, "detail": retold(one.detail)}
            for one in report.statements
        ],
        "trusted": [
            {"name": one.name, "fingerprint": fingerprint.digits(one.fingerprint), "sha256": one.fingerprint}
            for one in trusted
        ],
    }

    def tell(screen: Screen) -> None:
        rows = [
            (term(one.result), retold(one.about), retold(one.says), _digits(one.about, retold(one.detail)))
            for one in report.statements
        ]
        screen.table(("result", "about", "statement", "detail"), rows)
        screen.line()
        for one in value["trusted"]:
            screen.line(_("trusted: {name}, fingerprint {fingerprint}", **one))
        screen.line(term(report.verdict))

    return Answer(value, tell, exits.FAILED if report.verdict == verifier.FAILED else exits.DONE)


def _readable(path: Path) -> BinaryIO:
    from passerelle.core.errors import InputError
    from passerelle.core.folders import regular

    try:
        return regular(path)
    except OSError as error:
        raise InputError(f"--attachment: expected a readable file, got {path}: {error.strerror}") from None


def _report(file: Path, audits: list[Path], trusted: "list[Trusted]", advance: Advance) -> "Report":
    """What a file proves, by what it is."""
    from passerelle.core.errors import InputError
    from passerelle.core.folders import regular
    from passerelle.oversight import verify as verifier
    from passerelle.oversight import verify_audit, verify_log, verify_release, verify_search

    held = [read_file(one, "--audit") for one in audits]
    if held:
        data = read_file(file, "evidence")
        if verify_search.is_opening(data):
            return verify_search.verify(data, held, trusted)
        if len(held) > 1:
            raise InputError(f"--audit: expected one export beside evidence, got {len(held)}")
        return verify_release.verify(data, held[0], trusted)
    try:
        with regular(file) as source:
            if verify_log.is_log(source.readline(verify_log.MAX_HEAD)):
                source.seek(0)
                return verify_log.verify(source, verify_audit.nodes(trusted), advance)
    except OSError as error:
        raise InputError(f"evidence: expected a readable file, got {file}: {error.strerror}") from None
    data = read_file(file, "evidence")
    if verify_search.is_opening(data):
        return verify_search.verify(data, (), trusted)
    if verify_audit.is_audit(data):
        return verify_audit.verify(data, trusted)
    return verifier.verify(data, verify_audit.nodes(trusted), advance)


def _digits(about: str, detail: str) -> str:
    """What is said of an identity, with its fingerprint as persons compare it."""
    from passerelle.identity import fingerprint

    if not about.startswith("identity"):
        return detail
    return re.sub(r"\b[0-9a-f]{64}\b", lambda found: fingerprint.digits(found.group()), detail)
