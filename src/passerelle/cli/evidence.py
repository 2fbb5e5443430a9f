"""Commands on evidence: write it on a node, verify it anywhere."""

import re
from functools import partial
from pathlib import Path
from typing import Annotated, Any, BinaryIO

import typer

from passerelle.cli import exits
from passerelle.cli.door import Answer, As, Folder, acting, command, opened, read_file, said, write_file
from passerelle.cli.progress import progress
from passerelle.cli.screen import Screen
from passerelle.cli.terms import term
from passerelle.core.retold import retold
from passerelle.core.words import _


def register(app: typer.Typer) -> None:
    """Add the commands."""
    command(app, "evidence", "evidence /srv/be 019ab3 --out evidence.json --as ann")(evidence)
    command(
        app,
        "verify",
        "verify evidence.json",
        "verify evidence.json --trust be.json --trust ma.json",
        "verify trail.json --trust be.json --trust oversight.json",
        "verify evidence.json --audit november.json --trust be.json --trust ma.json",
        "verify evidence.json --attachment passport.jpg --trust be.json --trust ma.json",
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
    from passerelle.office import consulting, facts
    from passerelle.office.asking import ask
    from passerelle.office.policy import Action
    from passerelle.oversight.evidence import collect
    from passerelle.ports.records import MESSAGES
    from passerelle.ports.store import Reading

    if out.exists() or not out.absolute().parent.is_dir():
        raise InputError(f"--out: expected a new file in a folder that is there, got {out}")

    def named(tx: Reading) -> str:
        try:
            return find_dossier(tx, wanted).id
        except NotFoundError:
            return find(tx, MESSAGES, wanted, "a dossier or a message").id

    with opened(folder) as node:
        who = acting(node, as_)
        found = node.store.read(named)
        on = node.store.read(lambda tx: facts.of_any(tx, node.ctx, found))
        node.store.read(lambda tx: ask(tx, node.office, who, Action.EVIDENCE_EXPORT, on))
        why = node.store.read(lambda tx: consulting.why(tx, who, found, reason))
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


def verify(
    file: Annotated[
        Path,
        typer.Argument(metavar="FILE", help="The evidence file, or an export of an audit log.", show_default=False),
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
        Path | None,
        typer.Option("--audit", metavar="FILE", help="Hold the evidence against this export of a sender's audit log."),
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
    """Check an evidence file or an audit export: no node, no network. Says of each statement whether it holds, and why.

    Without trusted identity files the verdict is at most "consistent, identities unconfirmed".
    """
    from passerelle.core.errors import InputError
    from passerelle.identity import fingerprint
    from passerelle.oversight import verify as verifier
    from passerelle.oversight import verify_audit, verify_files, verify_release

    trusted = [verify_audit.identity_of(read_file(path, "--trust")) for path in trust or []]
    data = read_file(file, "evidence")
    with progress(_("verifying")) as advance:
        if audit is not None:
            report = verify_release.verify(data, read_file(audit, "--audit"), trusted)
        elif verify_audit.is_audit(data):
            report = verify_audit.verify(data, trusted)
        else:
            report = verifier.verify(data, verify_audit.nodes(trusted), advance)
        if attachment and verify_audit.is_audit(data):
            raise InputError("--attachment: expected an evidence file, got an export of an audit log")
        if attachment:
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

    try:
        return path.open("rb")
    except OSError as error:
        raise InputError(f"--attachment: expected a readable file, got {path}: {error.strerror}") from None


def _digits(about: str, detail: str) -> str:
    """What is said of an identity, with its fingerprint as persons compare it."""
    from passerelle.identity import fingerprint

    if not about.startswith("identity"):
        return detail
    return re.sub(r"\b[0-9a-f]{64}\b", lambda found: fingerprint.digits(found.group()), detail)
