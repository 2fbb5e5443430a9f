"""Reading what `doctor` judges: files of the folder, rows of the store. Nothing is changed, nobody is asked.

Each check has its place in `CHECKS`, in the order in which it is shown. A room that adds one puts it there.
"""

import shutil
import stat
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from passerelle.core.clock import add_duration, day_of
from passerelle.core.settings import AuditSettings, BackupSettings
from passerelle.core.words import _
from passerelle.exchange import links, rotation, trust
from passerelle.exchange.channels import Channels
from passerelle.exchange.context import Context
from passerelle.instruments.channel import Channel
from passerelle.ledger.checkpoint import LANES
from passerelle.office import lockout
from passerelle.office.asking import Office
from passerelle.office.policy import PolicyError
from passerelle.oversight import (
    audit_check,
    audit_log,
    checkup_search,
    doctor,
    doctor_office,
    doctor_processes,
    doctor_search,
    logs,
    watching_state,
)
from passerelle.oversight.doctor import File, Finding, Link, Met
from passerelle.oversight.doctor_office import Named
from passerelle.ports.backups import BACKUPS
from passerelle.ports.leases import PROCESSES
from passerelle.ports.records import (
    ALARMS,
    ATTEMPTS,
    AUDITS,
    ENTRIES,
    INSTRUMENTS,
    LOGS,
    MESSAGES,
    PARTNERS,
    Log,
    Partner,
)
from passerelle.ports.screening import RUNS
from passerelle.ports.store import Reading
from passerelle.ports.timers import TIMERS
from passerelle.ports.work import DRAFTS, REVIEWS
from passerelle.screening import hits, lists
from passerelle.search.wire_tables import MOST_REFERENCES

Advance = Callable[[int, int], None]
_ALL = 1_000_000
_MANY = 10_000  # of what waits; more is as bad


@dataclass(frozen=True)
class Patient:
    """A node that is looked at.

    `met`: what came of asking its partners, if they were `asked`; `served`: whether a process serves it; `thorough`:
    also what takes long.
    """

    ctx: Context
    folder: Path
    store: Path | None  # the store's file, where it is one
    met: tuple[Met, ...] = ()
    asked: bool = True
    served: bool = True
    thorough: bool = True
    advance: Advance = field(default=lambda done, of: None)
    audit: AuditSettings = field(default_factory=AuditSettings)
    backup: BackupSettings = field(default_factory=BackupSettings)
    office: Office | None = None

    @property
    def now(self) -> int:
        return self.ctx.clock.now()


Check = Callable[[Patient], Iterable[Finding]]


def files_of(folder: Path, private: Iterable[str], public: Iterable[str]) -> list[File]:
    """The folder and its files, by their paths below it. A store's file that is not there (another one is used) is
    the caller's to leave out.
    """
    found = [_file(folder, private=False)]
    found += [_file(folder / name, private=True) for name in private]
    return found + [_file(folder / name, private=False) for name in public]


def _file(path: Path, *, private: bool) -> File:
    try:
        there = path.stat()
    except OSError:
        return File(str(path), -1, -1, private)
    return File(str(path), stat.S_IMODE(there.st_mode), there.st_uid, private)


def _disk(patient: Patient) -> Iterator[Finding]:
    sizes = 0
    if patient.store is not None:
        for path in patient.store.parent.glob(f"{patient.store.name}*"):
            sizes += path.stat().st_size
    return doctor.disk(str(patient.folder), shutil.disk_usage(patient.folder).free, sizes)


def _clock(patient: Patient) -> Iterator[Finding]:
    def newest(tx: Reading) -> int:
        times = [log.last_time for log in tx.scan(LOGS, "by_link", limit=_ALL) if log.direction == "out"]
        return max([*times, *(one.time for one in tx.scan(AUDITS, limit=1, descending=True))], default=0)

    return doctor.clock(patient.now, patient.ctx.store.read(newest), patient.met)


def _processes(patient: Patient) -> Iterator[Finding]:
    if patient.store is not None:
        return  # a file, which one process serves
    found = patient.ctx.store.read(lambda tx: tx.scan(PROCESSES, limit=_ALL))
    yield from doctor_processes.processes(found, patient.now, str(patient.folder))


def _links(patient: Patient) -> Iterator[Finding]:
    return doctor.links(patient.ctx.store.read(links_of), patient.now, str(patient.folder))


def links_of(tx: Reading) -> list[Link]:
    """How it stands with each partner in each lane."""
    return [_link(tx, partner, lane) for partner in tx.scan(PARTNERS, limit=_ALL) for lane in LANES]


def _link(tx: Reading, partner: Partner, lane: str) -> Link:
    name = partner.name
    attempt = tx.get(ATTEMPTS, name, lane)
    line, waiting = (name, "out", lane, "unsequenced"), (name, "in", lane, "waiting")
    in_line = tx.scan(MESSAGES, "by_queue", line, limit=1)
    waits = tx.scan(MESSAGES, "by_queue", waiting, limit=1)
    without = [log for log in links.generations(tx, name, "out", lane) if log.cosigned < links.to_send(log)]
    now = [one for way in ("out", "in") if (one := links.current(tx, name, way, lane)) is not None]
    return Link(
        partner=name,
        lane=lane,
        in_line=tx.count(MESSAGES, "by_queue", line) if in_line else 0,
        oldest_in_line=in_line[0].noted if in_line else 0,
        without_receipt=sum(links.to_send(log) - log.cosigned for log in without),
        oldest_without_receipt=_entered(tx, without[0]) if without else 0,
        waiting=tx.count(MESSAGES, "by_queue", waiting) if waits else 0,
        oldest_waiting=waits[0].noted if waits else 0,
        failures=attempt.failures if attempt else 0,
        reason=attempt.reason if attempt else "",
        stopped=tuple(log.direction for log in now if log.state in ("stopped", "frozen") and not log.reopen),
    )


def _entered(tx: Reading, log: Log) -> int:
    """When the first entry without a receipt was made."""
    entry = tx.get(ENTRIES, log.origin, log.cosigned)
    message = tx.get(MESSAGES, entry.message) if entry else None
    return message.time if message else log.last_time


def _logs(patient: Patient) -> Iterator[Finding]:
    if not patient.thorough:
        return
    found = patient.ctx.store.read(lambda tx: tx.scan(LOGS, "by_link", limit=_ALL))
    whole = sum(log.size for log in found)
    done = 0

    def advance(more: int) -> None:
        nonlocal done
        done += more
        patient.advance(done, whole)

    well = True
    for log in found:
        if wrong := logs.damage(patient.ctx.store, log, advance):
            well = False
            what = _("log {origin} is damaged: {words}", origin=log.origin, words=wrong)
            todo = _("stop the node and put back a backup of the store (how-to/operator.md)")
            yield Finding("logs", "error", what, todo)
    if well:
        what = _("{logs} logs with {entries} entries hold, and so do their receipts", logs=len(found), entries=whole)
        yield Finding("logs", "ok", what)


def _alarms(patient: Patient) -> Iterator[Finding]:
    count = patient.ctx.store.read(lambda tx: tx.count(ALARMS, "by_status", ("open",)))
    return doctor_office.alarms(count, str(patient.folder))


def _deadlines(patient: Patient) -> Iterator[Finding]:
    def read(tx: Reading) -> int:
        missed = tx.count(TIMERS, "by_state", ("missed", "own"))
        running = tx.scan(TIMERS, "by_state", ("running", "own"), limit=_MANY)  # the soonest first
        return missed + sum(one.due < patient.now for one in running)

    return doctor_office.deadlines(patient.ctx.store.read(read), str(patient.folder))


def _calendars(patient: Patient) -> Iterator[Finding]:
    ctx = patient.ctx

    def read(tx: Reading) -> set[str]:
        known = [one for one in tx.scan(PARTNERS, limit=_ALL) if one.status == "confirmed"]
        return {ctx.country, *(ctx.identity_of(one).country for one in known)} - {""}

    covered = {country: max(ctx.calendars.of(country).years, default=0) for country in ctx.store.read(read)}
    years = [
        datetime.fromtimestamp(at / 1000, UTC).year for at in (patient.now, patient.now + doctor_office.CALENDAR_AHEAD)
    ]
    return doctor_office.calendars(covered, years[0], years[1])


def _catalogue(patient: Patient) -> Iterator[Finding]:
    ctx, now = patient.ctx, patient.now

    def read(tx: Reading) -> list[Named]:
        named = []
        channels = Channels(tx, ctx)
        for record in tx.scan(INSTRUMENTS, limit=_ALL):
            found = channels.standing(record.digest)
            if found is None or not isinstance(found.instrument, Channel) or found.to_accept:
                continue
            if found.begins <= now and (not found.endings or now < found.endings[0].at):
                kinds = found.instrument.types
                named += [Named(record.digest, record.partner, name, kind.digest) for name, kind in kinds.items()]
        return named

    held = {kind.name: kind.digest for kind in ctx.catalogue}
    return doctor_office.catalogue(ctx.store.read(read), held, str(patient.folder))


def _audit(patient: Patient) -> Iterator[Finding]:
    ctx = patient.ctx

    def read(tx: Reading) -> tuple[str, int, tuple[str, ...]]:
        log = audit_log.current(tx, ctx.name)
        found = audit_check.check(tx, ctx) if patient.thorough else audit_check.Found()
        return log.reason if log.state == "stopped" else "", found.erased, found.wrong

    return doctor.audit(*ctx.store.read(read), str(patient.folder))


def _witnesses(patient: Patient) -> Iterator[Finding]:
    found = patient.ctx.store.read(lambda tx: watching_state.states(tx, patient.ctx, patient.audit))
    eyes = [doctor.Eye(one["name"], one["state"], one["since"] or "", one["reason"]) for one in found]
    return doctor.witnesses(eyes, str(patient.folder))


def _lists(patient: Patient) -> Iterator[Finding]:
    now = patient.now

    def read(tx: Reading) -> tuple[list[str], list[str], dict[str, str]]:
        found = lists.listed(tx)
        soon = [one for one in found if now < one.expires <= now + doctor_office.LIST_AHEAD]
        return (
            [one.name for one in found if lists.is_behind(tx, one)],
            [one.name for one in found if not one.edition or one.expires <= now],
            {one.name: day_of(one.expires) for one in soon},
        )

    return doctor_office.lists(*patient.ctx.store.read(read), str(patient.folder))


def _hits(patient: Patient) -> Iterator[Finding]:
    def read(tx: Reading) -> int:
        found = tx.scan(RUNS, "by_state", ("done",), limit=_MANY)
        late = [one for one in found if one.ended <= patient.now - doctor_office.HIT_WAITS < patient.now <= one.expires]
        return sum(hits.waiting(tx, one) for one in late)

    return doctor_office.hits(patient.ctx.store.read(read), str(patient.folder))


def _indexes(patient: Patient) -> Iterator[Finding]:
    found = patient.ctx.store.read(lambda tx: checkup_search.held(tx, patient.ctx, patient.now))
    return doctor_search.indexes(found, MOST_REFERENCES, str(patient.folder))


def _searches(patient: Patient) -> Iterator[Finding]:
    found = patient.ctx.store.read(lambda tx: checkup_search.asks(tx, patient.now))
    return doctor_search.searches(found, str(patient.folder))


def _drafts(patient: Patient) -> Iterator[Finding]:
    def read(tx: Reading) -> int:
        states = ("draft", "submitted", "returned")
        found = [one for state in states for one in tx.scan(DRAFTS, "by_state", (state,), limit=_MANY)]
        return sum(one.changed < patient.now - doctor_office.OLD_DRAFT for one in found)

    return doctor_office.drafts(patient.ctx.store.read(read), str(patient.folder))


def _reviews(patient: Patient) -> Iterator[Finding]:
    open_ = patient.ctx.store.read(lambda tx: tx.scan(REVIEWS, "by_state", ("open",), limit=_MANY))
    return doctor_office.reviews(sum(one.due < patient.now for one in open_), str(patient.folder))


def _backup(patient: Patient) -> Iterator[Finding]:
    last = patient.ctx.store.read(lambda tx: tx.scan(BACKUPS, "by_time", limit=1, descending=True))
    late = add_duration(0, patient.backup.late)
    return doctor.backup(last[0].time if last else 0, patient.now, late, str(patient.folder))


def _rotation(patient: Patient) -> Iterator[Finding]:
    ctx = patient.ctx

    def read(tx: Reading) -> dict[str, str]:
        known = [one.name for one in tx.scan(PARTNERS, limit=_ALL) if one.status == "confirmed"]
        return {name: rotation.waits_for(tx, ctx, name) for name in known if not trust.mine(tx, ctx, name).settled}

    return doctor.rotation(ctx.store.read(read))


def _people(patient: Patient) -> Iterator[Finding]:
    office = patient.office
    if office is None:
        return
    today = office.today()
    soon = (date.fromisoformat(today) + timedelta(days=doctor_office.LOCKOUT_AHEAD)).isoformat()
    try:
        until = patient.ctx.store.read(
            lambda tx: lockout.covered_until(office.policy(tx), lockout.reachable(tx), today)
        )
    except PolicyError as error:
        todo = _("bring a policy that validates: {command}", command="passerelle policy check FILE")
        yield Finding("policy", "error", _("the policy does not load: {reason}", reason=str(error)), todo)
        return
    yield from doctor_office.lockout(until, today, soon, str(patient.folder))


CHECKS: dict[str, Check] = {
    "disk": _disk,
    "serving": lambda patient: doctor.serving(patient.served, str(patient.folder)),
    "processes": _processes,
    "partners": lambda patient: doctor.partners(patient.met, str(patient.folder)) if patient.asked else (),
    "clock": _clock,
    "links": _links,
    "logs": _logs,
    "audit": _audit,
    "witnesses": _witnesses,
    "alarms": _alarms,
    "drafts": _drafts,
    "deadlines": _deadlines,
    "reviews": _reviews,
    "lists": _lists,
    "hits": _hits,
    "indexes": _indexes,
    "searches": _searches,
    "backup": _backup,
    "rotation": _rotation,
    "people": _people,
    "calendars": _calendars,
    "catalogue": _catalogue,
}
"""What is looked at once the node could be opened, by name."""


def findings(patient: Patient) -> Iterator[Finding]:
    """Everything that is found, in the order of the checks."""
    for check in CHECKS.values():
        yield from check(patient)
