"""Identifiers, time, durations, settings."""

import threading
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from passerelle.core import clock, ids, settings, settings_text
from passerelle.core.errors import InputError, SettingsError
from passerelle.core.sources import Source, redacted

START = '[node]\nname = "be"\ncountry = "BE"\nlanguages = ["fr"]\ntimezone = "Europe/Brussels"\n'


def test_identifiers_are_unique_and_increase_across_threads():
    made = []

    def work():
        made.extend([ids.new_id() for _ in range(2000)])

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(made)) == 8000
    assert all(ids.is_id(one) for one in made)
    alone = [ids.new_id() for _ in range(5000)]
    assert alone == sorted(alone)
    assert [ids.order_of(one) for one in alone] == sorted(ids.order_of(one) for one in alone)


@pytest.mark.parametrize(
    "text", ["", "x", "01a1ffeb-a1d3-4000-aa7e-bd372f53924a", "01A1FFEB-A1D3-7000-AA7E-BD372F53924A"]
)
def test_what_is_no_identifier(text):
    assert not ids.is_id(text)


@given(st.integers(0, 253_402_300_799_999))
def test_moments_survive_writing_and_reading(moment):
    assert clock.from_iso(clock.to_iso(moment)) == moment
    assert clock.to_iso(moment).startswith(clock.day_of(moment))


@pytest.mark.parametrize(
    ("start", "duration", "end"),
    [
        ("2024-01-31T00:00:00Z", "P1M", "2024-02-29T00:00:00Z"),
        ("2023-01-31T00:00:00Z", "P1M", "2023-02-28T00:00:00Z"),
        ("2024-02-29T10:00:00Z", "P1Y", "2025-02-28T10:00:00Z"),
        ("2026-12-31T23:00:00Z", "PT2H", "2027-01-01T01:00:00Z"),
        ("2026-11-21T00:00:00Z", "P2W", "2026-12-05T00:00:00Z"),
        ("2026-11-21T00:00:00Z", "P1Y2M3DT4H5M6S", "2028-01-24T04:05:06Z"),
    ],
)
def test_durations_follow_the_calendar(start, duration, end):
    assert clock.add_duration(clock.from_iso(start), duration) == clock.from_iso(end)


@pytest.mark.parametrize("text", ["", "P", "PT", "1D", "P1D ", "P-1D", "P1.5D", "PT1D", "P1H", "P1W2", "p1d"])
def test_what_is_no_duration(text):
    with pytest.raises(InputError, match="expected an ISO 8601 duration"):
        clock.add_duration(0, text)
    with pytest.raises(InputError):
        clock.check_duration(text)


def test_a_duration_past_the_calendar_is_refused():
    with pytest.raises(InputError, match="year 10000"):
        clock.add_duration(0, "P9999Y")


@given(st.integers(0, 4_000_000_000_000), st.integers(0, 9999))
def test_days_are_exact(start, days):
    got = clock.add_duration(start, f"P{days}D")
    assert got == start + days * clock.MILLISECONDS_A_DAY
    assert datetime.fromtimestamp(0, UTC) + timedelta(milliseconds=got) > datetime(1969, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize("text", ["2026-13-01T00:00:00Z", "2026-11-21", "2026-11-21T00:00:00", "now", ""])
def test_what_is_no_moment(text):
    with pytest.raises(InputError, match="expected a moment"):
        clock.from_iso(text)


def test_settings_have_defaults_and_survive_writing():
    made = settings.parse(START)
    assert made.exchange.batch_entries == 100
    assert settings.parse(settings_text.render(made)) == made
    other = settings.parse(START + "[exchange]\npoll_ms = 50\n[store]\nurl = 'a.db'\n[admin]\nlisten = '127.0.0.1:9'\n")
    assert settings.parse(settings_text.render(other)) == other


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (START + "[exchange]\nbatch_entrys = 5", "batch_entrys"),
        (START + '[server]\nlisten = "nowhere"', "host:port"),
        (START + "[exchange]\nbatch_entries = 0", "1 to 1000"),
        (START + "[exchange]\nbatch_entries = 'x'", "Expected `int`"),
        (START + "[strange]\n", "strange"),
        ("[node]\nname = 'be'", "country"),
        ("nonsense", "expected TOML"),
    ],
)
def test_settings_that_are_wrong(text, words):
    with pytest.raises(SettingsError, match=words):
        settings.parse(text)


@pytest.mark.parametrize(
    ("name", "text", "key", "got"),
    [
        ("PASSERELLE_EXCHANGE_BATCH_ENTRIES", "7", "exchange.batch_entries", 7),
        ("PASSERELLE_AUDIT_EVERY", "PT2H", "audit.every", "PT2H"),
        ("PASSERELLE_CATALOGUE_FOLDERS", "a, b", "catalogue.folders", ("a", "b")),
        ("PASSERELLE_CATALOGUE_FOLDERS", "", "catalogue.folders", ()),
    ],
)
def test_a_variable_is_stronger_than_the_file(name, text, key, got):
    file = START + "[exchange]\nbatch_entries = 9\n"
    made = settings.configured(file, "file", {name: text, "PASSERELLE_DATA": "x", "PASSERELLE_TEST_POSTGRES": "y"})
    section, _, field = key.partition(".")
    assert getattr(getattr(made.settings, section), field) == got
    assert made.sources[key] == Source("environment", name)


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("PASSERELLE_EXCHANGE_BATCH_ENTRIES", "many", "PASSERELLE_EXCHANGE_BATCH_ENTRIES: Expected `int`"),
        ("PASSERELLE_EXCHANGE_BATCH_ENTRIES", "0", "PASSERELLE_EXCHANGE_BATCH_ENTRIES: .* 1 to 1000, got 0"),
        ("PASSERELLE_AUDIT_LATE", "P2Y", "PASSERELLE_AUDIT_LATE: .* PT1S to P366D"),
        ("PASSERELLE_EXCHANGE_BATCH", "1", "got PASSERELLE_EXCHANGE_BATCH"),
        ("PASSERELLE_EXCHNAGE_POLL_MS", "1", "got PASSERELLE_EXCHNAGE_POLL_MS"),
    ],
)
def test_a_variable_that_is_wrong(name, text, words):
    with pytest.raises(SettingsError, match=words):
        settings.configured(START, "file", {name: text})


def test_an_error_names_the_line():
    with pytest.raises(SettingsError, match=r"^file:7: exchange.poll_ms: expected 10 to 60000, got 5$"):
        settings.configured(START.rstrip() + "\n[exchange]\npoll_ms = 5\n", "file", {})


@given(st.text(st.characters(categories=["L", "N"], max_codepoint=0x7F), min_size=1).map("Zq".__add__))
def test_no_password_survives_redaction(secret):
    for url in (f"postgresql://u:{secret}@h/d", f"https://u:x@{secret}@h:1/d?password=y{secret}&sslpassword={secret}z"):
        shown = str(redacted(url))
        assert "://u:***@h" in shown
        assert secret not in shown


def test_what_is_no_address_is_shown_as_it_is():
    assert redacted(["store.db", 5, "a@b"]) == ["store.db", 5, "a@b"]
    assert redacted("postgresql://[broken:secret@h/d") == "postgresql://***"
