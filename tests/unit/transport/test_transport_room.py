"""Room for bodies: shared, bounded for each partner, given back when the answer is written."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from passerelle.core.settings import LimitsSettings
from passerelle.transport.flow import LaterError, Room
from tests.unit.transport.serving import answer, batch, running

MIB = 1024 * 1024


def room(**limits):
    return Room(LimitsSettings(**({"wait_ms": 20, "body_bytes": 64 * MIB} | limits)), lambda: 0.0)


async def fits(one, partner, size, **how):
    """Whether there is room now."""
    try:
        async with one.taken(partner, size, **how):
            return True
    except LaterError:
        return False


def test_one_partner_never_takes_all():
    async def run():
        one = room()
        async with one.taken("ma", 20 * MIB):
            assert not await fits(one, "ma", 8 * MIB)
            assert await fits(one, "ma", 8 * MIB, urgent=True)
            assert await fits(one, "fr", 20 * MIB)
        assert await fits(one, "ma", 20 * MIB)
        assert one.used == 0

    asyncio.run(run())


def test_the_last_part_is_for_the_urgent():
    async def run():
        one = room()
        async with one.taken("ma", 24 * MIB), one.taken("fr", 24 * MIB):
            assert not await fits(one, "nl", 9 * MIB)
            assert await fits(one, "nl", 9 * MIB, urgent=True)

    asyncio.run(run())


def test_requests_of_one_partner_are_counted():
    async def run():
        one = room(partner_requests=3)
        async with one.taken("ma", 1), one.taken("ma", 1):
            assert not await fits(one, "ma", 1)
            assert await fits(one, "ma", 1, urgent=True)
            assert await fits(one, "fr", 1)

    asyncio.run(run())


def test_who_waits_goes_on_when_room_is_given_back():
    async def run():
        one = room(wait_ms=20_000)
        async with one.taken("ma", 24 * MIB):
            waiting = asyncio.create_task(fits(one, "ma", 24 * MIB))
            await asyncio.sleep(0)
            assert not waiting.done()
        assert await waiting

    asyncio.run(run())


def test_what_is_spent_a_minute_comes_back_in_time():
    now = [0.0]

    async def run():
        limits = LimitsSettings(partner_bytes_a_minute=6 * MIB, partner_entries_a_minute=60)
        one = Room(limits, lambda: now[0])
        assert await fits(one, "ma", 0, brings=4 * MIB, entries=10)
        with pytest.raises(LaterError, match="bytes") as told:
            async with one.taken("ma", 0, brings=4 * MIB):
                pass
        assert told.value.seconds == 20
        assert await fits(one, "fr", 0, brings=4 * MIB)
        now[0] = 20.0
        assert await fits(one, "ma", 0, brings=4 * MIB, entries=60)
        assert not await fits(one, "ma", 0, entries=60)
        # One that is larger than a minute's worth is not refused for ever.
        now[0] = 200.0
        assert await fits(one, "ma", 0, brings=8 * MIB)

    asyncio.run(run())


@given(st.lists(st.tuples(st.sampled_from(["ma", "fr"]), st.integers(0, 40 * MIB), st.booleans()), max_size=12))
def test_room_is_never_passed_and_always_given_back(asked):
    async def run():
        one = room(wait_ms=10)
        held = []

        async def ask(partner, size, urgent):
            try:
                async with one.taken(partner, size, urgent=urgent):
                    held.append(size)
                    assert sum(held) == one.used <= 64 * MIB
                    await asyncio.sleep(0)
                    held.remove(size)
            except LaterError:
                return

        await asyncio.gather(*(ask(*each) for each in asked))
        assert one.used == 0

    asyncio.run(run())


def test_a_request_without_room_is_told_later_and_nothing_else(tmp_path):
    with (
        running(tmp_path, partner_requests=3, wait_ms=50) as node,
        node.connect() as one,
        node.connect() as two,
        node.connect() as three,
        node.connect() as urgent,
    ):
        node.go.clear()
        for connection in (one, two):
            connection.sendall(batch())
            assert node.working.acquire(timeout=20)
        three.sendall(batch())
        status, head = answer(three)
        assert status == 503
        assert b"retry-after: 1" in head
        assert node.went["later", "memory"] == 1
        urgent.sendall(batch(head=b"ma flash 1"))
        assert node.working.acquire(timeout=20)
        node.go.set()
        for connection in (one, two, urgent):
            assert answer(connection)[0] == 200
        node.until(lambda: node.server.room.used == 0)


def test_too_much_a_minute_is_told_with_the_time(tmp_path):
    with running(tmp_path, partner_entries_a_minute=3) as node, node.connect() as one:
        one.sendall(batch())
        assert answer(one)[0] == 200
        one.sendall(batch())
        status, head = answer(one)
        assert status == 503
        assert b"retry-after: 60" in head or b"retry-after: 59" in head
