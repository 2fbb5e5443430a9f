"""What the acts of a dossier bring to an index: read from the store, judged by `sources`."""

from passerelle.core import json
from passerelle.dossiers.shapes import DossierType
from passerelle.exchange.cases import Cases
from passerelle.exchange.context import Context
from passerelle.exchange.counted import remembered
from passerelle.instruments.channel import Channel
from passerelle.ports.records import CONTENTS, DOSSIERS, MESSAGES, Dossier
from passerelle.ports.search import Index
from passerelle.ports.store import Reading
from passerelle.search import sources
from passerelle.search.sources import Candidate, Told

_ALL = 100_000


def of_dossier(tx: Reading, ctx: Context, row: Index, channel: Channel, name: str) -> list[Candidate]:
    """The persons of a dossier who may stand in an index."""
    there = tx.get(DOSSIERS, name)
    kind = ctx.catalogue.types.get(there.type) if there else None
    if there is None or kind is None or there.type not in channel.types:
        return []
    history = told(tx, ctx, there, kind)
    terms = sources.Terms(ctx.name, row.partner, frozenset(row.purposes), frozenset(row.categories), channel)
    return list(sources.of_dossier(kind, there, history, terms, ctx.clock.now()).values())


def told(tx: Reading, ctx: Context, row: Dossier, kind: DossierType) -> list[Told]:
    """The acts of a dossier that count, in the order that both nodes use; with the contents of the own ones."""
    history = Cases(tx, ctx).history(row, kind)
    messages = {one.id: one for one in tx.scan(MESSAGES, "by_dossier", (row.id,), limit=_ALL)}
    own = [id_ for id_, _ in history if messages[id_].direction == "out"]
    bodies = tx.get_many(CONTENTS, [(one,) for one in own])
    return [
        Told(
            messages[id_],
            remembered(messages[id_]),
            json.parse_object(bodies[id_,].body, "content") if (id_,) in bodies else None,
            standing,
        )
        for id_, standing in history
    ]
