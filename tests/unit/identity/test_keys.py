"""Keys, key files, identities, sealing."""

import os

import pytest

from passerelle.core import json
from passerelle.core.errors import IdentityError, KeyFileError, SealError
from passerelle.identity import files, identity, keys, tls


def make(name="be", **changes):
    node = keys.NodeKeys(name, keys.generate(name))
    values = {
        "country": "BE",
        "languages": ("fr", "nl"),
        "timezone": "Europe/Brussels",
        "endpoints": ("https://127.0.0.1:8443",),
        "tls": "0" * 64,
    }
    return node, identity.make(node, **values | changes)


def test_an_identity_survives_writing_and_reading():
    node, made = make()
    read = identity.parse(made.body)
    assert read == made
    assert read.log[1].verify(node.log[1].sign(b"x"), b"x") is None
    assert read.key_digest == identity.parse(made.body.replace(b"8443", b"9443")).key_digest
    assert read.fingerprint != identity.parse(made.body.replace(b"8443", b"9443")).fingerprint


def _changed(made, **changes):
    value = json.parse_object(made.body)
    for path, new in changes.items():
        target = value
        *way, last = path.split("__")
        for step in way:
            target = target[step]
        target[last] = new
    return json.canonical(value)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"format": "other"}, "passerelle-identity/1"),
        ({"name": "BE"}, "node name"),
        ({"name": "fr"}, "fr/"),
        ({"country": "Belgium"}, "country"),
        ({"languages": ["de"]}, "languages"),
        ({"timezone": "Mars/Olympus"}, "time zone"),
        ({"endpoints": ["http://x"]}, "https"),
        ({"tls": "zz"}, "SHA-256"),
        ({"keys__envelope": "x"}, "verifier key"),
        ({"keys__sealing": {}}, "sealing keys"),
        ({"more": 1}, "the keys"),
    ],
)
def test_a_wrong_identity_is_refused_with_what_was_expected(change, words):
    _, made = make()
    with pytest.raises(IdentityError, match=f"expected.*{words}"):
        identity.parse(_changed(made, **change))


@pytest.mark.parametrize(("one", "other"), [("log", "receipt"), ("receipt", "witness"), ("log", "witness")])
def test_keys_of_different_use_cannot_be_exchanged(one, other):
    _, made = make()
    value = json.parse_object(made.body)
    value["keys"][one], value["keys"][other] = value["keys"][other], value["keys"][one]
    with pytest.raises(IdentityError):
        identity.parse(json.canonical(value))


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b'{"a":1}', b"x" * 100_000])
def test_garbage_is_no_identity(body):
    with pytest.raises(IdentityError):
        identity.parse(body)


def test_what_is_sealed_opens_for_its_key_and_header_only():
    node, made = make()
    other, _ = make("ma")
    sealed = made.sealing.seal(b"secret", b"header")
    assert node.sealing.open(sealed, b"header") == b"secret"
    assert made.sealing.seal(b"secret", b"header") != sealed
    for key, info, data in (
        (other.sealing, b"header", sealed),
        (node.sealing, b"Header", sealed),
        (node.sealing, b"header", sealed[:-1]),
        (node.sealing, b"header", sealed[:-1] + bytes([sealed[-1] ^ 1])),
        (node.sealing, b"header", b""),
    ):
        with pytest.raises(SealError, match="expected a message sealed to this node"):
            key.open(data, info)


def test_key_files_are_their_owners_alone(tmp_path):
    seeds = keys.generate("be")
    files.save(tmp_path / "keys", seeds)
    assert files.first("be", tmp_path / "keys").sealing.id == keys.NodeKeys("be", seeds).sealing.id
    for path in (tmp_path / "keys").iterdir():
        assert path.stat().st_mode & 0o777 == 0o600
    with pytest.raises(KeyFileError, match="expected no file"):
        keys.write_private(tmp_path / "keys" / "log.key", b"x")
    (tmp_path / "keys" / "log.key").chmod(0o640)
    with pytest.raises(KeyFileError, match=r"expected mode 0600 .*, got 0640"):
        files.first("be", tmp_path / "keys")


@pytest.mark.parametrize("text", [b"", b"not base64!", b"AAAA"])
def test_a_broken_key_file_is_named(tmp_path, text):
    files.save(tmp_path / "keys", keys.generate("be"))
    path = tmp_path / "keys" / "sealing.key"
    path.write_bytes(text)
    path.chmod(0o600)
    with pytest.raises(KeyFileError, match=r"sealing\.key"):
        files.first("be", tmp_path / "keys")
    os.unlink(path)
    with pytest.raises(KeyFileError, match=r"sealing\.key: expected a readable key file"):
        files.first("be", tmp_path / "keys")


def test_verifier_keys_are_read_strictly():
    node, _ = make()
    text = node.log[0].verifier.vkey
    assert keys.parse_vkey(text) == node.log[0].verifier
    name, key, encoded = text.split("+", 2)
    for bad in (text[:-4], f"{name}+00000000+{encoded}", f"{name}x+{key}+{encoded}", "", "a+b", f"{name}+{key}+AQ=="):
        with pytest.raises(IdentityError):
            keys.parse_vkey(bad)


def test_the_pin_is_that_of_the_certificate():
    private, certificate = tls.make_certificate("be")
    assert b"PRIVATE KEY" in private
    assert len(tls.pin_of(certificate)) == 64
