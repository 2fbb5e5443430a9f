"""What a service meets over the years: a file that travels with an act, a network that is away, a disk that is lost.

Each scene is a function of the story. What persons type, they type here: the commands run in processes of their own.
"""

import json
import os
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING, Any

from passerelle.core import ids
from passerelle.demo import cast
from passerelle.demo.stage import FailedError, Side, wait
from passerelle.exchange import attachments, links
from passerelle.ledger.checkpoint import LANES
from passerelle.office import attaching, workflow
from passerelle.ports.attachments import Attachment
from passerelle.ports.records import ALARMS, CONTENTS, Message
from passerelle.service import reopen

if TYPE_CHECKING:
    from passerelle.demo.story import Story

MIB = 1024 * 1024
PHOTOGRAPH = 24 * MIB
CARRIED = 40


def typed(*words: object, code: int = 0) -> Any:
    """What a command answers. Raises FailedError when it ends otherwise than expected."""
    command = [sys.executable, "-m", "passerelle", *map(str, words), "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
    if done.returncode != code:
        said = (done.stderr or done.stdout)[-400:]
        raise FailedError(f"expected `passerelle {' '.join(map(str, words[:2]))}` to end with {code}, got: {said}")
    return json.loads(done.stdout) if done.stdout.strip() else {}


def photograph(story: "Story") -> None:
    """An act that bears a file: the act is applied at once, the file comes behind it, through a killed process."""
    story.scene(
        f"A photograph of {PHOTOGRAPH // MIB} MiB: the request is there before it, the receiver is killed, it resumes"
    )
    be, ma, dossier = story.be, story.ma, ids.new_id()
    path = story.folder / "photograph.jpg"
    path.write_bytes(b"\xff\xd8\xff\xe0" + os.urandom(PHOTOGRAPH - 6) + b"\xff\xd9")
    draft = story.write(
        be,
        "wanted-trace",
        "request",
        dossier,
        "017",
        subjects=[cast.person(3)],
        body={"warrant": cast.WARRANT},
    )
    with path.open("rb") as file:
        given = attaching.Given(file, path.name, "image/jpeg")
        draft, _ = attaching.attach(be.node.office, be.person("017"), draft.id, [given])
    draft = workflow.submit(be.node.office, be.person("017"), draft.id)
    message = workflow.release(be.node.office, be.person("003"), [draft.id])[0]
    be.node.wake()
    story.both(dossier, "opened")
    there = _file(ma, message)
    story.check(
        there is None or not attachments.whole(there), "the request is in force at ma while its file is on its way"
    )
    wait("some pieces at ma", lambda: (one := _file(ma, message)) is not None and one.count > 1)
    ma.kill()
    there = _file(ma, message)
    if there is None:
        raise FailedError("expected the file's row at ma, got none")
    story.check(not attachments.whole(there), f"ma is killed with {there.count} of {PHOTOGRAPH // MIB} pieces stored")
    ma.start()
    wait("the whole file at ma", lambda: (one := _file(ma, message)) is not None and one.state == "complete")
    story.check(True, "it goes on from there; every piece was held against the file's address on arrival")
    wait("the receipt of the file at be", lambda: (one := _file(be, message)) is not None and one.state == "complete")
    story.check(True, "ma's own log says that the file is complete: be has it in writing")
    saved = story.folder / "saved.jpg"
    typed("attachment", "save", ma.folder, message.id, 1, "--out", saved, "--reason", "to compare", "--as", "ma-017")
    story.check(
        saved.read_bytes() == path.read_bytes(),
        "an officer of ma, with a reason on record, writes it down: the same bytes",
    )
    story.photographed = message.id


def _file(side: Side, message: Message) -> Attachment | None:
    found = side.node.store.read(lambda tx: attachments.progress(tx, message.id))
    return found[0] if found else None


def by_hand(story: "Story") -> None:
    """The network is away: the same sealed batches travel in a file, and their receipts in another."""
    story.scene(f"The network is away: {CARRIED} messages are carried by hand, their receipts carried back")
    be, ma = story.be, story.ma
    ma.stop()
    names = [one.id for one in story.post(story.notices(CARRIED))]
    going, coming = story.folder / "to-ma.courier", story.folder / "to-be.courier"
    typed("courier", "export", be.folder, "ma", "--out", going, "--as", "be-001")
    typed("courier", "import", ma.folder, going, "--answer", coming, "--as", "ma-001")
    if not story.received(ma, names):
        # be was never compared with ma since it started: no index is given out before that.
        typed("courier", "import", be.folder, coming, "--as", "be-001")
        coming.unlink()
        going.unlink()
        typed("courier", "export", be.folder, "ma", "--out", going, "--as", "be-001")
        typed("courier", "import", ma.folder, going, "--answer", coming, "--as", "ma-001")
    story.check(
        story.received(ma, names) == CARRIED,
        f"{going.stat().st_size // 1024} KiB, sealed as on the wire: all {CARRIED} at ma",
    )
    typed("courier", "import", be.folder, coming, "--as", "be-001")
    story.check(all(story.stored(be, name) for name in names), "the file that comes back holds the receipts")
    again = typed("courier", "import", ma.folder, going, "--as", "ma-001")
    fresh = sum(lane["new"] for lane in again["lanes"])
    story.check(fresh == 0, "the same file once more changes nothing")
    ma.start()
    more = [one.id for one in story.post(story.notices(5))]
    be.node.wake()
    wait("5 more over the network", lambda: story.received(ma, more) == 5)
    log = ma.node.store.read(lambda tx: links.current(tx, "be", "in", "routine"))
    leaves = ma.node.store.read(lambda tx: links.entries(tx, log.origin, 0, log.size)) if log else []
    story.check(len({one.message for one in leaves}) == len(leaves), "the network goes on behind it, nothing twice")


def lost_disk(story: "Story") -> None:
    """A backup, an erasure after it, a disk that is lost, and a restore that forgets what must stay forgotten."""
    story.scene("A backup while the node serves; an erasure; the disk is lost; put back, what was erased stays erased")
    be, ma = story.be, story.ma
    key, backup = story.folder / "be-backup.key", story.folder / "be.backup"
    typed("backup", "key", "--out", key)
    made = typed("backup", "create", be.folder, "--out", backup, "--to", f"{key}.pub", "--as", "be-001")
    found = typed("backup", "verify", backup, "--key", key)
    story.check(
        found["opened"] and not found["wrong"],
        f"{made['bytes'] // MIB} MiB, {made['records']} records: opens, and every log in it verifies",
    )
    names = [one.id for one in story.post(story.notices(10))]
    be.node.wake()
    wait("10 more messages receipted", lambda: all(story.stored(be, name) for name in names))
    erased = story.photographed
    words = ("--ground", "time-limit", "--reason", "the retention date was reached")
    typed("erase", be.folder, erased, *words, "--as", "be-050")
    story.check(
        _content(be, erased) is None, "the data protection officer of be erases the request with the photograph"
    )
    be.stop()
    be.node.close()
    register = story.folder / "erasures.jsonl"
    shutil.copy2(be.folder / "erasures.jsonl", register)
    shutil.rmtree(be.folder)
    typed("restore", backup, be.folder, "--key", key, code=2)
    story.check(not be.folder.exists(), "a restore that does not say what was erased since is refused")
    typed("restore", backup, be.folder, "--key", key, "--erasures", register)
    be.reopen()
    story.check(_content(be, erased) is None, "put back from the backup, and the photograph erased once more")
    be.start()

    def stopped() -> bool:
        logs = be.node.store.read(lambda tx: [links.current(tx, "ma", "out", lane) for lane in LANES])
        return all(log is not None and log.state == "stopped" for log in logs)

    wait("be to notice", stopped)
    lanes = {lane: reopen(be.node, "ma", lane, "be-001", "the disk was lost") for lane in LANES}
    generation = lanes["routine"][0].generation
    fresh = [one.id for one in story.post(story.notices(5))]
    be.node.wake()
    wait("new messages at ma", lambda: story.received(ma, fresh) == 5)
    back = all(story.message(be, name) is not None for name in names)
    story.check(
        back, f"generation {generation}: the 10 messages behind the backup came back from ma, 5 new ones follow"
    )
    alarms = be.node.store.read(lambda tx: tx.scan(ALARMS, "by_status", ("open",), limit=1000))
    story.check(
        any(one.what == "store.restored" for one in alarms), "the restore itself is an alarm and an audit record"
    )


def _content(side: Side, message: str) -> object:
    return side.node.store.read(lambda tx: tx.get(CONTENTS, message))
