"""Each benchmark at a tiny size: it measures, and checks the work it measured. Never how fast it was."""

import dataclasses
import secrets
from typing import Any

import pytest
from pymongo import MongoClient
from pymongo.database import Database

from tests.benchmarks import (
    api_load,
    drain,
    endurance,
    export,
    fan_out,
    first_view,
    idle,
    mail,
    pass_cost,
    reaction,
    steady,
)
from tests.benchmarks.__main__ import MEASURES
from tests.benchmarks.bench import Bench
from tests.benchmarks.due import wait_done
from tests.benchmarks.figures import Figure
from tests.benchmarks.sizes import ALIGNED, QUICK, SPREAD, History
from tests.support.browser import CHROMIUM

TINY = dataclasses.replace(
    QUICK,
    drain_runs=50,
    drain_pairs=1,
    loads=((20, SPREAD), (20, ALIGNED)),
    load_seconds=1,
    raw_runs=50,
    reactions=2,
    idle_jobs=50,
    idle_seconds=1,
    idle_due=2,
    pass_jobs=(10, 50),
    passes=3,
    recipients=50,
    emails=5,
    exported=100,
    history=History(jobs=60, runs=120, others=60),
    short_history=History(jobs=10, runs=20, others=10),
    first_views=1,
    api_seconds=0.1,
    endurance_runs_per_second=10,
    endurance_seconds=5,
)


@pytest.fixture
def bench(mongodb_uri: str) -> Bench:
    return Bench(mongodb_uri, None, TINY, prefix=f"test_{secrets.token_hex(8)}")


def measured(figures: list[Figure]) -> dict[str, Figure]:
    assert all(figure.value > 0 or figure.unit in ("%", "ms") for figure in figures)
    return {figure.what: figure for figure in figures}


def test_every_measure_is_on_the_list() -> None:
    modules = (drain, steady, reaction, idle, pass_cost, fan_out, mail, export, api_load, first_view, endurance)
    assert list(MEASURES.values()) == [module.measure for module in modules]


def test_drain_names_its_ratio_and_leaves_nothing_behind(
    bench: Bench, mongodb_client: "MongoClient[dict[str, object]]"
) -> None:
    figure = measured(drain.measure(bench))["daemon, 50 due no-op jobs"]
    assert figure.ratio is not None
    assert figure.bound is not None
    assert not [name for name in mongodb_client.list_database_names() if name.startswith(bench.prefix)]


def test_steady_loads_are_measured_spread_and_aligned(bench: Bench) -> None:
    figures = measured(steady.measure(bench))
    assert {"20/s spread: lag p99", "20/s aligned: lag p99"} <= figures.keys()


def test_reactions_are_those_of_another_process(bench: Bench) -> None:
    names = [figure.what.partition(",")[0] for figure in reaction.measure(bench)]
    assert names == ["raw: insert", "run now", "cancel", "edit"]


def test_idle_jobs_are_compared_with_none(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(idle, "STARTS", 1)
    assert measured(idle.measure(bench))["50 idle jobs: memory of the daemon (PSS)"].value > 10


def test_the_cost_of_a_pass_is_counted_by_the_server(bench: Bench) -> None:
    figures = measured(pass_cost.measure(bench))
    assert figures["50 jobs: keys examined, 100 due"].value >= 100


def test_a_fan_out_makes_a_row_for_each_recipient(bench: Bench) -> None:
    assert measured(fan_out.measure(bench))["50 recipients"].ratio is not None


def test_e_mail_through_the_daemon_arrives_once(bench: Bench) -> None:
    assert measured(mail.measure(bench))["daemon, 5 messages"].ratio is not None


def test_an_export_is_compared_with_what_was_stored_in_each_format(bench: Bench) -> None:
    figures = measured(export.measure(bench))
    for name in ("CSV", "JSON Lines", "Parquet"):
        assert figures[f"100 documents of 6 fields to {name}"].ratio is not None
        assert figures[f"100 to {name}: peak memory (PSS)"].value > 10


def test_endurance_compares_the_end_with_the_beginning(bench: Bench) -> None:
    assert endurance.measure(bench)[0].ratio is not None


def test_a_run_that_was_repeated_or_is_missing_spoils_the_measure(db: Database[dict[str, Any]]) -> None:
    db.job_runs.insert_many([{"_id": n, "state": "succeeded", "attempt": 1} for n in range(3)])
    wait_done(db, 3, 1)
    with pytest.raises(AssertionError, match="not within"):
        wait_done(db, 4, 0.1)
    with pytest.raises(AssertionError, match="3 runs instead of 2"):
        wait_done(db, 2, 1)
    db.job_runs.update_one({"_id": 1}, {"$set": {"attempt": 2}})
    with pytest.raises(AssertionError, match="more than one attempt"):
        wait_done(db, 3, 1)


def test_every_list_of_the_api_stands_beside_a_bare_application(bench: Bench) -> None:
    figures = measured(api_load.measure(bench))
    assert {figure.measure for figure in figures.values()} == {"api"}
    pages = [figure for what, figure in figures.items() if "page of 50" in what]
    assert len(pages) >= 8
    assert all(figure.bound is not None and figure.ratio is not None for figure in pages)


@pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed")
def test_first_views_are_compared_with_those_of_a_short_history(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    some = [screen for screen in first_view.SCREENS if screen.address in ("/", "/runs", "/notifications/queue")]
    monkeypatch.setattr(first_view, "SCREENS", some)
    figures = measured(first_view.measure(bench))
    assert len(figures) == len(some) == 3
    assert all(figure.bound is not None and figure.ratio is not None for figure in figures.values())
