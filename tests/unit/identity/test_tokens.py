"""Keys in a token, by SoftHSM: made there, found again, away, another PIN."""

import os
import subprocess
import sys
import threading

import pytest

from passerelle.core.errors import TokenError
from passerelle.identity import tokens as hardware
from passerelle.identity.keys import ED25519, Verifier
from passerelle.identity.tokens import Token
from tests.softhsm import MODULE, PIN


@pytest.fixture
def token(tokens):
    return Token(MODULE, tokens.make(), lambda: PIN, pause=0)


def verified(token, cka_id, public, message=b"text"):
    Verifier("be/log", ED25519, public).verify(token.sign(cka_id, public, message), message)


def test_a_key_is_made_used_and_destroyed_in_the_token(token):
    public = token.generate(b"one", "be/log")
    other = token.generate(b"two", "be/receipt")
    assert len(public) == 32
    assert public != other
    verified(token, b"one", public)
    verified(token, b"two", other)
    token.destroy(b"one")
    token.destroy(b"one")
    assert (token.has(b"one"), token.has(b"two")) == (False, True)
    with pytest.raises(TokenError, match=r"expected the key 6f6e65 in the token .*, got none"):
        token.sign(b"one", public, b"text")
    verified(token, b"two", other)


def test_what_was_made_never_leaves(token):
    from pkcs11 import Attribute
    from pkcs11.exceptions import AttributeSensitive

    token.generate(b"one", "be/log")
    session = hardware._modules[MODULE].sessions[token.label]
    key = Token._find(session, b"one")
    assert key[Attribute.SENSITIVE]
    assert not key[Attribute.EXTRACTABLE]
    with pytest.raises(AttributeSensitive):
        key[Attribute.VALUE]


def test_another_key_under_the_same_id_signs_nothing(token):
    public = token.generate(b"one", "be/log")
    token.destroy(b"one")
    token.generate(b"one", "be/log")
    fresh = Token(MODULE, token.label, lambda: PIN, pause=0)
    with pytest.raises(TokenError, match="expected the key of its file under 6f6e65"):
        fresh.sign(b"one", public, b"text")


def test_many_threads_sign_at_once(token):
    public = token.generate(b"one", "be/log")
    failed = []

    def work():
        try:
            for number in range(25):
                verified(token, b"one", public, b"%d" % number)
        except Exception as error:
            failed.append(error)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert failed == []


def test_two_tokens_of_one_module_in_one_process(tokens, token):
    public = token.generate(b"one", "be/log")
    other = Token(MODULE, tokens.make("other-pin"), lambda: "other-pin", pause=0)
    theirs = other.generate(b"one", "ma/log")
    verified(token, b"one", public)
    verified(other, b"one", theirs)


def test_a_token_that_was_away_is_found_again(tokens, token):
    public = token.generate(b"one", "be/log")
    tokens.away()
    try:
        tokens.store.mkdir()
        for _ in range(2):
            with pytest.raises(TokenError, match=r"got none|got \w+"):
                token.sign(b"one", public, b"text")
        tokens.store.rmdir()
    finally:
        tokens.back()
    verified(token, b"one", public)


def test_a_token_that_is_away_when_a_process_starts_is_named(tokens):
    label = tokens.make()
    code = "import sys; from passerelle.identity.tokens import Token; Token(sys.argv[1], sys.argv[2], str).check()"
    tokens.away()
    try:
        done = subprocess.run(
            (sys.executable, "-c", code, MODULE, label),
            capture_output=True,
            text=True,
            env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
            check=False,
        )
    finally:
        tokens.back()
    said = done.stderr.splitlines()[-1]
    assert f"expected a PKCS#11 module at {MODULE} with the token {label}, got none or one that fails" in said


def test_a_dead_token_is_not_asked_again_at_once(tokens, token):
    public = token.generate(b"one", "be/log")
    patient = Token(MODULE, token.label, lambda: PIN, pause=1000)
    tokens.away()
    try:
        tokens.store.mkdir()
        with pytest.raises(TokenError):
            patient.sign(b"one", public, b"text")
        with pytest.raises(TokenError, match="looked for again in a moment"):
            patient.sign(b"one", public, b"text")
        tokens.store.rmdir()
    finally:
        tokens.back()
    verified(token, b"one", public)


def test_a_wrong_pin_is_given_once(tokens):
    label = tokens.make()
    given = []

    def wrong():
        given.append("1111")
        return "1111"

    for _ in range(3):
        token = Token(MODULE, label, wrong, pause=0)
        for _ in range(3):
            with pytest.raises(TokenError, match="PIN"):
                token.check()
    assert given == ["1111"]
    # Another process does not give it either: the token remembers.
    code = (
        "import sys; from passerelle.identity.tokens import Token\n"
        "given = []\n"
        "try: Token(sys.argv[1], sys.argv[2], lambda: given.append(1) or 'x').check()\n"
        "except Exception as error: print(len(given), error)"
    )
    done = subprocess.run(
        (sys.executable, "-c", code, MODULE, label),
        capture_output=True,
        text=True,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
        check=True,
    )
    assert done.stdout.startswith("0 a wrong PIN was given to the token")
    right = Token(MODULE, label, lambda: PIN, pause=0)
    with pytest.raises(TokenError, match="--although-refused"):
        right.check()
    right.although_refused = True
    right.check()
    Token(MODULE, label, lambda: PIN, pause=0).check()


def test_what_is_not_there_is_said(tokens, tmp_path):
    with pytest.raises(TokenError, match=r"expected one token nowhere in .*, got none"):
        Token(MODULE, "nowhere", lambda: PIN, pause=0).check()
    with pytest.raises(TokenError, match=r"expected a PKCS#11 module at .*/none.so with the token be, got none or one"):
        Token(str(tmp_path / "none.so"), "be", lambda: PIN).check()


def test_several_processes_sign_at_once(token):
    public = token.generate(b"one", "be/log")
    code = (
        "import sys; from passerelle.identity.tokens import Token\n"
        "token = Token(sys.argv[1], sys.argv[2], lambda: sys.argv[3])\n"
        "for number in range(400):\n"
        "    print(token.sign(b'one', bytes.fromhex(sys.argv[4]), b'%d' % number).hex(), flush=not number)"
    )
    processes, first = [], []
    for _ in range(3):  # each begins while those before it sign
        one = subprocess.Popen(
            (sys.executable, "-c", code, MODULE, token.label, PIN, public.hex()),
            stdout=subprocess.PIPE,
            text=True,
            env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
        )
        first.append(one.stdout.readline())
        processes.append(one)
    verified(token, b"one", public)
    told = []
    for begin, one in zip(first, processes, strict=True):
        with one.stdout:
            told.append(begin + one.stdout.read())
    assert [one.wait(60) for one in processes] == [0, 0, 0]
    for said in told:
        signatures = said.splitlines()
        assert len(signatures) == 400
        for number, signature in enumerate(signatures):
            Verifier("", ED25519, public).verify(bytes.fromhex(signature), b"%d" % number)
