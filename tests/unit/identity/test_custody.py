"""Key files in clear and sealed: what is protected, changed, brought back, and what a stop leaves."""

import json
import ssl

import pytest

from passerelle.core import durable
from passerelle.core.errors import KeyFileError, StateError
from passerelle.core.settings import KeysSettings
from passerelle.identity import custody as keeping
from passerelle.identity import files, keys, passphrases, protecting, tls, vault
from passerelle.identity.custody import Custody
from tests.softhsm import MODULE, PIN

PASS = "correct horse battery"
COST = 10


@pytest.fixture
def folder(tmp_path):
    files.save(tmp_path / "keys", keys.generate("be"))
    private, certificate = tls.make_certificate("be")
    keys.write_private(tmp_path / "tls.key", private)
    (tmp_path / "tls.pem").write_bytes(certificate)
    keys.write_private(tmp_path / "pass", f"{PASS}\n".encode())
    return tmp_path / "keys"


def custody_of(folder, **settings):
    return Custody(folder, KeysSettings(**{"passphrase": "file:pass"} | settings))


def sealed(folder, step=protecting.no_step):
    custody = custody_of(folder)
    if not custody.sealing:
        protecting.begin(custody, PASS, COST)
    return protecting.protect(custody, step)


def seeds(folder, custody=None):
    """Every seed, whatever its file."""
    return {
        label: one if isinstance(one, bytes) else one.seed()
        for label, one in files.read(folder, custody or custody_of(folder))
    }


def test_sealed_files_hold_no_seed_and_the_keys_are_the_same(folder):
    before = seeds(folder)
    public = files.first("be", folder).public
    assert len(sealed(folder)) == 9
    assert len(sealed(folder)) == 0
    everything = b"".join(path.read_bytes() for path in (*folder.iterdir(), folder.parent / "tls.key"))
    for seed in before.values():
        assert keys.b64(seed).encode() not in everything
    assert seeds(folder) == before
    held = files.load("be", folder, custody_of(folder))
    held.turn(public)
    assert held.public == public
    sealed_to = held.sealing.public.seal(b"secret", b"header")
    assert held.sealing.open(sealed_to, b"header") == b"secret"
    for one in (*held.log, *held.receipt, *held.witness, held.envelope):
        one.verifier.verify(one.sign(b"text"), b"text")


def test_who_signs_nothing_needs_no_passphrase(folder):
    public = files.first("be", folder).public
    sealed(folder)
    held = files.load("be", folder, custody_of(folder, passphrase="prompt"))
    held.turn(public)
    with pytest.raises(KeyFileError, match="expected the passphrase of the keys from a credential or a file"):
        held.ready()
    with pytest.raises(KeyFileError, match="expected the passphrase"):
        held.log[0].sign(b"text")


def test_the_passphrase_is_stretched_once_an_open(folder, monkeypatch):
    sealed(folder)
    stretched = []
    before = vault._stretch
    monkeypatch.setattr(vault, "_stretch", lambda *given: stretched.append(1) or before(*given))
    files.first("be", folder, custody_of(folder)).ready()
    assert len(stretched) == 1


def test_a_new_passphrase_opens_and_the_old_one_does_not(folder):
    sealed(folder)
    before = {path: path.read_bytes() for path in folder.glob("*.key")}
    protecting.change(custody_of(folder), "another passphrase", COST)
    assert {path: path.read_bytes() for path in folder.glob("*.key")} == before
    with pytest.raises(KeyFileError, match="expected the passphrase of these keys, got another"):
        custody_of(folder).vault()
    (folder.parent / "pass").write_text("another passphrase")
    custody_of(folder).vault()
    with pytest.raises(KeyFileError, match="expected a passphrase of 12 characters or more, got 5"):
        protecting.change(custody_of(folder), "short", COST)
    custody_of(folder).vault()


@pytest.mark.parametrize("way", ["protect", "unprotect"])
def test_a_stop_at_any_point_loses_no_key_and_the_next_try_ends_it(folder, way):
    if way == "unprotect":
        sealed(folder)
    before = seeds(folder)

    def run(step=protecting.no_step):
        return sealed(folder, step) if way == "protect" else protecting.unprotect(custody_of(folder), step)

    class StopError(Exception):
        pass

    def stop(point):
        if point not in passed:
            passed.add(point)
            raise StopError

    passed: set[str] = set()
    for _ in range(100):
        try:
            run(stop)
            break
        except StopError:
            assert seeds(folder) == before
            held = files.first("be", folder, custody_of(folder))
            held.ready()
    assert len(passed) == 3 * 9
    assert seeds(folder) == before
    assert list(files.unfinished(folder)) == []
    assert list(folder.parent.glob("*.gone")) == []
    clear = b"{" not in b"".join(path.read_bytes()[:1] for path in folder.glob("*.key"))
    assert clear is (way == "unprotect")
    assert custody_of(folder).sealing is (way == "protect")


def test_half_protected_folders_are_noticed(folder):
    sealed(folder)
    assert protecting.unsealed(custody_of(folder)) == []
    durable.replace(folder / "log.key", keeping.clear(keys.generate("be")["log"]), 0o600)
    assert protecting.unsealed(custody_of(folder)) == ["log.key"]


def test_only_sealed_files_are_unsealed(folder):
    with pytest.raises(StateError, match="expected key files that are sealed"):
        protecting.unprotect(custody_of(folder))


def test_the_tls_key_opens_with_the_password_of_the_vault(folder):
    sealed(folder)
    custody = custody_of(folder)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder.parent / "tls.pem", folder.parent / "tls.key", custody.password())
    with pytest.raises(ssl.SSLError):
        context.load_cert_chain(folder.parent / "tls.pem", folder.parent / "tls.key", "other")


def changed(body, **changes):
    return json.dumps(json.loads(body) | changes).encode()


def test_files_that_were_changed_or_exchanged_are_refused(folder):
    sealed(folder)
    log, receipt = ((folder / f"{label}.key").read_bytes() for label in ("log", "receipt"))
    for label, body, words in (
        ("log", changed(receipt, label="log"), "sealed by this vault"),
        ("log", receipt, "expected passerelle key 1 of the log key"),
        ("log", changed(log, sealed=json.loads(receipt)["sealed"]), "sealed by this vault"),
        ("log", changed(log, extra=1), r"log\.key: "),
        ("log", b"{}", r"log\.key: "),
        ("vault", b"{}", "expected a vault of key files"),
        ("vault", changed((folder / "vault").read_bytes(), cost=30), "with a cost of 10 to 20"),
        ("vault", changed((folder / "vault").read_bytes(), cost=11), "expected the passphrase of these keys"),
    ):
        path = folder / (f"{label}.key" if label != "vault" else label)
        kept = path.read_bytes()
        path.write_bytes(body)
        with pytest.raises(KeyFileError, match=words):
            files.first("be", folder, custody_of(folder)).ready()
        path.write_bytes(kept)
    files.first("be", folder, custody_of(folder)).ready()


def test_where_a_secret_comes_from(tmp_path, monkeypatch):
    keys.write_private(tmp_path / "pin", b"1234\n")
    assert passphrases.read("file:pin", "PIN", tmp_path) == "1234"
    assert passphrases.read("prompt", "PIN", tmp_path, lambda what: f"{what}!") == "PIN!"
    monkeypatch.delenv("CREDENTIALS_DIRECTORY", raising=False)
    assert passphrases.read("credential:pin", "PIN", tmp_path, lambda what: "typed") == "typed"
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    assert passphrases.read("credential:pin", "PIN", tmp_path) == "1234"
    with pytest.raises(KeyFileError, match=r"in the credential .*none, got No such file"):
        passphrases.read("credential:none", "PIN", tmp_path)
    (tmp_path / "pin").chmod(0o644)
    with pytest.raises(KeyFileError, match=r"expected mode 0600 .*, got 0644"):
        passphrases.read("file:pin", "PIN", tmp_path)
    for body, words in ((b"one\ntwo", "of one line"), (b"\n", "got nothing"), (b"\xff", "in UTF-8")):
        (tmp_path / "pin").write_bytes(body)
        with pytest.raises(KeyFileError, match=words) as caught:
            passphrases.read("credential:pin", "PIN", tmp_path)
        assert "two" not in str(caught.value)


def test_ed25519_keys_live_in_the_token_and_go_with_their_file(tokens, tmp_path):
    files.save(tmp_path / "keys", keys.generate("be"))
    folder = tmp_path / "keys"
    keys.write_private(tmp_path / "pin", PIN.encode())
    custody = custody_of(folder, pkcs11_module=MODULE, token=tokens.make(), pin="file:pin")
    made = files.make(folder, "be", custody, ("log", "sealing"), token=True)
    files.add(folder, "be", made, custody)
    places = [(one.label, one.place) for one in files.held("be", folder, custody) if one.path.name.count(".") == 2]
    assert places == [("log-pq", "clear"), ("log", f"token {custody.settings.token}"), ("sealing", "clear")]
    held = files.load("be", folder, custody)
    [signer] = held.signers((keys.Verifier("be/log", keys.ED25519, made["log"].public),))
    signer.verifier.verify(signer.sign(b"text"), b"text")
    assert custody.token().has(made["log"].id)
    assert len(files.destroy(folder, "be", {signer.id.hex()}, custody)) == 1
    assert not custody.token().has(made["log"].id)


def test_a_stop_around_the_token_leaves_nothing_in_it(tokens, tmp_path):
    files.save(tmp_path / "keys", keys.generate("be"))
    folder = tmp_path / "keys"
    keys.write_private(tmp_path / "pin", PIN.encode())
    custody = custody_of(folder, pkcs11_module=MODULE, token=tokens.make(), pin="file:pin")
    custody.token()._pause = 0
    made = files.make(folder, "be", custody, ("log",), token=True)
    assert custody.token().has(made["log"].id)  # and we stop before its file is written
    files.finish(folder, custody)
    assert not custody.token().has(made["log"].id)
    assert list(files.unfinished(folder)) == []

    made = files.make(folder, "be", custody, ("log",), token=True)
    files.add(folder, "be", made, custody)
    [path] = folder.glob("log.*.key")
    path.rename(path.with_suffix(".gone"))  # and we stop before the token was asked
    files.finish(folder, custody)
    assert not custody.token().has(made["log"].id)
    assert list(files.unfinished(folder)) == []


def test_a_folder_with_token_keys_opens_without_the_token_and_says_what_is_missing(tokens, tmp_path):
    files.save(tmp_path / "keys", keys.generate("be"))
    folder = tmp_path / "keys"
    keys.write_private(tmp_path / "pin", PIN.encode())
    custody = custody_of(folder, pkcs11_module=MODULE, token=tokens.make(), pin="file:pin")
    made = files.make(folder, "be", custody, ("log",), token=True)
    files.add(folder, "be", made, custody)
    held = files.load("be", folder, custody_of(folder))
    [signer] = held.signers((keys.Verifier("be/log", keys.ED25519, made["log"].public),))
    with pytest.raises(KeyFileError, match=r"expected keys\.pkcs11_module and keys\.token in the settings"):
        signer.sign(b"text")
