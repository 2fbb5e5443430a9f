"""Settings shown with their sources, and a file looked at before it is used."""

import pytest

from tests.unit.cli.scene import call, configure, make_node, ok, value

VARIABLE = "PASSERELLE_EXCHANGE_POLL_MS"


@pytest.fixture
def node(tmp_path):
    make_node(tmp_path / "be", "be")
    return tmp_path / "be"


def test_each_value_is_shown_with_its_source(node, monkeypatch):
    (node / "passerelle.toml").write_text(
        '[node]\nname = "be"\ncountry = "BE"\nlanguages = [\n  "fr",\n]\ntimezone = "Europe/Brussels"\n'
        "[exchange]\n# slower\nretry_first_ms = 700\npoll_ms = 2000\n"
    )
    monkeypatch.setenv(VARIABLE, "3000")
    shown = value("config", "show", node)
    file = node / "passerelle.toml"
    assert shown["node.timezone"] == {"value": "Europe/Brussels", "source": "file", "where": f"{file}:7"}
    assert shown["node.languages"]["where"] == f"{file}:4"
    assert shown["exchange.retry_first_ms"] == {"value": 700, "source": "file", "where": f"{file}:10"}
    assert shown["exchange.poll_ms"] == {"value": 3000, "source": "environment", "where": VARIABLE}
    assert shown["exchange.batch_entries"] == {"value": 100, "source": "default", "where": ""}
    assert shown["server.endpoints"]["value"] == ["https://127.0.0.1:8443"]
    out = ok("config", "show", node).out
    assert VARIABLE in out
    assert "default" in out


def test_no_password_is_shown(node):
    configure(node, "store", url="postgresql://node:secret1@db.example/passerelle?password=secret2&schema=be")
    for options in ((), ("--json",)):
        out = ok("config", "show", node, *options).out
        assert "secret" not in out
        assert "postgresql://node:***@db.example/passerelle?password=***&schema=be" in out


def test_a_file_is_looked_at_before_it_is_used(node, monkeypatch):
    path = node / "passerelle.toml"
    assert "in order" in ok("config", "check", path).out
    monkeypatch.setenv(VARIABLE, "3000")
    assert value("config", "check", path)["variables"] == [VARIABLE]
    path.write_text(path.read_text() + "\n[extra]\n")
    for words in (("config", "check", path), ("config", "show", node)):
        result = call(*words)
        assert result.code == 2
        assert "extra" in result.err


def test_a_variable_that_is_no_setting_stops_everything(node, monkeypatch):
    monkeypatch.setenv("PASSERELLE_EXCHANGE_POL_MS", "3000")
    for words in (("config", "show"), ("queue",)):
        result = call(*words, node)
        assert result.code == 2
        assert "PASSERELLE_EXCHANGE_POL_MS" in result.err
