"""Whether the processes that share a store live, and do together what a node must do."""

from collections.abc import Iterator, Sequence

from passerelle.core.clock import to_iso
from passerelle.core.words import _
from passerelle.oversight.doctor import Finding, found_well
from passerelle.ports.leases import Process

DUTIES = ("receive", "send", "clock")


def processes(found: Sequence[Process], now: int, folder: str) -> Iterator[Finding]:
    """None is silent, and each duty is somebody's. As far as the clocks of their machines agree."""
    return found_well("processes", _processes(found, now, folder), _("the processes that share the store all live"))


def _processes(found: Sequence[Process], now: int, folder: str) -> Iterator[Finding]:
    alive = [one for one in found if not one.is_silent(now)]
    for one in found:
        if one.is_silent(now):
            what = _(
                "process {instance} on {host} has given no sign of life since {time}",
                instance=one.instance,
                host=one.host,
                time=to_iso(one.seen),
            )
            todo = _(
                "look at that machine; start the process again with the same --instance, or leave it to the others"
            )
            yield Finding("processes", "warning", what, todo)
    for duty in DUTIES:
        if alive and not any(duty in one.does for one in alive):
            what = _("no process does what --only calls {duty}", duty=duty)
            yield Finding("processes", "error", what, f"passerelle serve {folder} --only {duty}")
