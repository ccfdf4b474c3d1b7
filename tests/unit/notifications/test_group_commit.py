"""GroupCommit: groups, bounds, culprits, errors and the end."""

import asyncio
from collections.abc import Sequence
from itertools import chain

import pytest

from scheduler_daemon.store.group_commit import GroupCommit, GroupMismatch
from shared.errors import DocumentRefused, DuplicateDocument, StoreUnavailable, TransactionConflict
from tests.support.waiting import eventually


class Ledger:
    """Commits numbers; negative ones match nothing, those in `poison` cannot be written."""

    def __init__(self, poison: dict[int, Exception] | None = None) -> None:
        self.groups: list[list[int]] = []
        self.poison = poison or {}
        self.busy = 0
        self.most_busy = 0
        self.hold: asyncio.Event | None = None

    async def commit(self, items: Sequence[int]) -> list[bool]:
        self.busy += 1
        self.most_busy = max(self.most_busy, self.busy)
        try:
            await (self.hold.wait() if self.hold else asyncio.sleep(0))
            for item in items:
                if item in self.poison:
                    raise self.poison[item]
            if len(items) > 1 and any(item < 0 for item in items):
                raise GroupMismatch("one was lost")
            self.groups.append(list(items))
            return [item >= 0 for item in items]
        finally:
            self.busy -= 1


async def test_what_is_submitted_together_is_committed_together() -> None:
    ledger = Ledger()
    group = GroupCommit(ledger.commit)
    assert await asyncio.gather(*(group.submit(number) for number in range(50))) == [True] * 50
    assert ledger.groups == [list(range(50))]
    await group.close()


async def test_a_group_and_the_flight_are_bounded() -> None:
    ledger = Ledger()
    group = GroupCommit(ledger.commit, most_items=10, most_in_flight=2)
    await asyncio.gather(*(group.submit(number) for number in range(95)))
    assert sorted(chain(*ledger.groups)) == list(range(95))
    assert max(map(len, ledger.groups)) == 10
    assert ledger.most_busy == 2


async def test_what_comes_during_a_flush_joins_the_next() -> None:
    ledger = Ledger()
    ledger.hold = asyncio.Event()
    group = GroupCommit(ledger.commit, gather_seconds=0, most_in_flight=1)
    first = asyncio.create_task(group.submit(0))
    await eventually(lambda: ledger.busy)
    rest = [asyncio.create_task(group.submit(number)) for number in range(1, 6)]
    await asyncio.sleep(0)
    ledger.hold.set()
    await asyncio.gather(first, *rest)
    assert ledger.groups == [[0], [1, 2, 3, 4, 5]]


async def test_one_that_was_lost_leaves_the_others_whole() -> None:
    ledger = Ledger()
    group = GroupCommit(ledger.commit)
    numbers = [*range(40), -7, *range(41, 80)]
    outcomes = await asyncio.gather(*(group.submit(number) for number in numbers))
    assert outcomes == [number >= 0 for number in numbers]
    assert sorted(chain(*ledger.groups)) == sorted(numbers)


@pytest.mark.parametrize("fault", [DuplicateDocument("x"), DocumentRefused("x"), TransactionConflict("x")])
async def test_one_that_cannot_be_written_leaves_the_others_whole(fault: Exception) -> None:
    ledger = Ledger({13: fault})
    group = GroupCommit(ledger.commit)
    outcomes = await asyncio.gather(*(group.submit(number) for number in range(30)), return_exceptions=True)
    assert outcomes == [fault if number == 13 else True for number in range(30)]


async def test_without_the_database_every_one_learns_it_at_once() -> None:
    ledger = Ledger({0: StoreUnavailable("no primary")})
    group = GroupCommit(ledger.commit)
    outcomes = await asyncio.gather(*(group.submit(number) for number in range(3)), return_exceptions=True)
    assert all(isinstance(outcome, StoreUnavailable) for outcome in outcomes)
    assert await group.submit(5) is True


async def test_a_caller_that_was_cancelled_does_not_take_its_item_back() -> None:
    ledger = Ledger()
    group = GroupCommit(ledger.commit)
    caller = asyncio.create_task(group.submit(1))
    await asyncio.sleep(0)
    caller.cancel()
    other = await group.submit(2)
    assert other is True
    assert ledger.groups == [[1, 2]]


async def test_closing_commits_what_is_left_and_refuses_more() -> None:
    ledger = Ledger()
    group = GroupCommit(ledger.commit, gather_seconds=60, most_items=3)
    waiting = [asyncio.create_task(group.submit(number)) for number in range(8)]
    await asyncio.sleep(0)
    await group.close()
    assert await asyncio.gather(*waiting) == [True] * 8
    with pytest.raises(RuntimeError):
        await group.submit(9)
    await group.close()
