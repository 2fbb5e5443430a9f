"""Making a node's folder: settings, keys, certificate, identity, store, first person. All of it, or nothing."""

from contextlib import closing, suppress
from pathlib import Path

from passerelle.core import folders, settings_text
from passerelle.core.audit import What
from passerelle.core.errors import PasserelleError
from passerelle.core.settings import Settings
from passerelle.core.text import check_node_name
from passerelle.exchange import notes
from passerelle.identity import files, passphrases, protecting, tls
from passerelle.identity import identity as identities
from passerelle.identity import keys as key_files
from passerelle.identity.custody import Custody, TokenKey
from passerelle.identity.identity import Identity
from passerelle.identity.passphrases import Ask
from passerelle.node import IDENTITY, KEYS, SETTINGS, TLS_CERTIFICATE, TLS_KEY, Node
from passerelle.office import people
from passerelle.office.asking import this_user
from passerelle.office.people import NewPerson
from passerelle.ports.store import Writing


def create(
    folder: Path,
    settings: Settings,
    first: NewPerson | None = None,
    *,
    sealed: bool = False,
    ask: Ask = passphrases.nobody,
) -> Identity:
    """Make a node's folder, whole or not at all.

    `sealed`: its key files are, by the passphrase that the settings name. Ed25519 keys are made in the token that the
    settings name; killed half way, it may keep some that nothing names.

    The first person is operator and security officer and gives the other roles to others. Left out, he is named after
    the operating-system user. Raises InputError when the folder is there and not empty, or a value is not of its form.
    """
    check_node_name(settings.node.name)
    if first is None:
        first = NewPerson(id=this_user(), users=(this_user(),))
    people.check_id(first.id)
    with folders.fresh(folder) as made:
        identity = _fill(made, settings, sealed, ask)
        with closing(Node.open(made, creating=True)) as node:
            node.register.begin()
            node.store.write("node.create", lambda tx: _people(tx, node, first))
    return identity


def _fill(folder: Path, settings: Settings, sealed: bool, ask: Ask) -> Identity:
    name = settings.node.name
    custody = Custody(folder / KEYS, settings.keys, ask)
    (folder / KEYS).mkdir(mode=0o700)
    if sealed:
        protecting.begin(custody, custody.passphrase())
    _make_keys(folder / KEYS, name, custody)
    private, certificate = tls.make_certificate(name)
    key_files.write_private(folder / TLS_KEY, tls.sealed(private, custody.password()))
    (folder / TLS_CERTIFICATE).write_bytes(certificate)
    identity = identities.make(
        files.first(name, folder / KEYS, custody),
        country=settings.node.country,
        languages=settings.node.languages,
        timezone=settings.node.timezone,
        endpoints=settings.server.reached,
        tls=tls.pin_of(certificate),
    )
    (folder / IDENTITY).write_bytes(identity.body)
    (folder / SETTINGS).write_text(settings_text.render(settings), "utf-8")
    return identity


def _make_keys(folder: Path, name: str, custody: Custody) -> None:
    try:
        files.keep(folder, files.make(folder, name, custody, token=bool(custody.settings.token)), custody)
    except BaseException:
        # The folder goes; what was made in the token would stay.
        with suppress(PasserelleError):
            for _, secret in files.read(folder, custody):
                if isinstance(secret, TokenKey):
                    secret.destroy()
            files.finish(folder, custody)
        raise


def _people(tx: Writing, node: Node, first: NewPerson) -> None:
    """The first person and what he is given."""
    now, day = node.ctx.clock.now(), node.office.today()
    people.add(tx, first, now, first.id)
    for role in people.FIRST_ROLES:
        people.grant(tx, first.id, role, now, first.id, domain=people.ANYWHERE, begin=day, until="", reason="first")
    details = {"roles": list(people.FIRST_ROLES), "users": list(first.users)}
    notes.record(tx, node.ctx, What.NODE_CREATED, first.id, node.ctx.name, details)
