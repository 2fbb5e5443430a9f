"""The units that systemd gets: what they allow, and what systemd says of them where it is installed."""

import shutil
import subprocess

import pytest

from passerelle.cli.units import memory
from passerelle.core import settings
from passerelle.search.processors import processors
from tests.unit.cli.scene import call, configure, make_node, ok, value

MIB = 1024 * 1024


@pytest.fixture(scope="module")
def node(tmp_path_factory):
    folder = tmp_path_factory.mktemp("units") / "be"
    make_node(folder, "be")
    return folder


def lines(text):
    return [line for line in text.splitlines() if "=" in line]


def test_a_unit_opens_nothing_but_the_folder(node):
    (made,) = value("unit", node)
    said = lines(made["text"])
    assert made["name"] == "passerelle-be.service"
    for line in (
        "Type=notify",
        "User=passerelle",
        "Restart=on-failure",
        "RestartSec=5",
        "StartLimitIntervalSec=0",
        "WatchdogSec=60",
        "NoNewPrivileges=yes",
        "ProtectSystem=strict",
        "ProtectHome=yes",
        "PrivateTmp=yes",
        "MemoryDenyWriteExecute=yes",
        "CapabilityBoundingSet=",
        "SystemCallFilter=@system-service",
        "RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX",
        "LimitCORE=0",
        "UMask=0077",
        f"ReadWritePaths={node}",
    ):
        assert line in said
    assert any(line.startswith("ExecStart=/") and line.endswith(f" serve {node} --json") for line in said)
    assert not any(line.startswith("LoadCredential") for line in said)


def test_memory_follows_from_the_limits(node):
    def with_(**limits):
        return settings.parse(
            '[node]\nname = "be"\ncountry = "BE"\nlanguages = ["fr"]\ntimezone = "Europe/Brussels"\n[limits]\n'
            + "".join(f"{key} = {number}\n" for key, number in limits.items())
        )

    small, large = memory(with_(connections=16, body_bytes=24 * MIB)), memory(with_(body_bytes=1024 * MIB))
    searching = 3 * (80 + 80 * processors()) * MIB  # half as much again, too
    assert small - searching < 500 * MIB
    assert large > 4096 * MIB


def test_secrets_low_ports_and_backups_are_provided_for(tmp_path):
    make_node(tmp_path / "be", "be")
    configure(tmp_path / "be", "server", listen="127.0.0.1:443")
    path = configure(tmp_path / "be", "keys", passphrase="credential:phrase", pin="credential:pin")
    ok("unit", path.parent, "--backup-to", "/backup", "--backup-as", "eva", "--out", tmp_path)
    service, backup, timer = (
        (tmp_path / f"passerelle-be{end}").read_text() for end in (".service", "-backup.service", "-backup.timer")
    )
    for one in (service, backup):
        assert "LoadCredentialEncrypted=phrase:/etc/passerelle/be.phrase" in lines(one)
        assert "LoadCredentialEncrypted=pin:/etc/passerelle/be.pin" in lines(one)
    assert "CapabilityBoundingSet=CAP_NET_BIND_SERVICE" in lines(service)
    assert "PrivateUsers=no" in lines(service)
    assert f"backup create {path.parent} --out /backup/be-$$(date +%%F).backup --as eva'" in backup
    assert f"ReadWritePaths={path.parent} /backup" in lines(backup)
    assert "OnCalendar=*-*-* 02:30" in lines(timer)
    assert call("unit", path.parent, "--out", tmp_path).code == 2  # nothing is overwritten


@pytest.mark.parametrize(
    "options",
    [("--user", "Root;"), ("--backup-to", "/b"), ("--backup-as", "eva"), ("--backup-to", "/a b", "--backup-as", "eva")],
)
def test_what_is_not_of_its_form_is_refused(node, options):
    assert call("unit", node, *options).code == 2


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd is not installed")
def test_systemd_reads_it_and_finds_it_tight(node, tmp_path):
    ok("unit", node, "--user", "root", "--out", tmp_path, "--backup-to", "/backup", "--backup-as", "eva")
    unit = tmp_path / "passerelle-be.service"

    def ask(*words):
        done = subprocess.run(["systemd-analyze", *words], capture_output=True, text=True, check=False, timeout=60)
        return done.returncode, done.stdout + done.stderr

    for file in sorted(tmp_path.glob("passerelle-*")):
        code, told = ask("verify", "--man=no", str(file))
        assert "passerelle" not in told, told  # of other units it may say what it likes
        assert code == 0, told
    code, told = ask("security", "--offline=true", "--threshold=20", str(unit))
    assert code == 0, told
