"""Removing old files never leads out of the folder that the settings allow."""

import os
import threading
from pathlib import Path
from typing import Any

import pytest

from scheduler_daemon.old_files import Removal, Removed

OLD, CUT, NEW = 1000.0, 2000.0, 3000.0


def put(path: Path, text: str = "12345", moment: float = OLD) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    os.utime(path, (moment, moment))
    return path


def make_old(folder: Path) -> None:
    """Every folder within, the deepest first; files have their time already."""
    for each in sorted(folder.rglob("*"), reverse=True):
        if each.is_dir() and not each.is_symlink():
            os.utime(each, (OLD, OLD))


@pytest.fixture
def allowed(tmp_path: Path) -> Path:
    made = tmp_path / "allowed"
    made.mkdir()
    return made


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    return put(tmp_path / "outside" / "precious").parent


def removal(**options: Any) -> Removal:
    return Removal(CUT, **{"chosen": lambda _name: True, **options})


def run(folder: Path, **options: Any) -> Removed:
    return removal(**options).run(folder, threading.Event())


def test_old_files_go_with_their_empty_folders_and_young_ones_stay(allowed: Path) -> None:
    put(allowed / "a")
    put(allowed / "deep/er/b")
    young = put(allowed / "deep/young", moment=NEW)
    make_old(allowed)
    assert run(allowed) == Removed(files=2, bytes=10, folders=1)
    assert sorted(allowed.rglob("*")) == [allowed / "deep", young]


def test_a_dry_run_counts_the_same_and_removes_nothing(allowed: Path) -> None:
    put(allowed / "a")
    put(allowed / "deep/b")
    make_old(allowed)
    assert run(allowed, dry_run=True) == run(allowed) == Removed(files=2, bytes=10, folders=1)
    assert list(allowed.iterdir()) == []


def test_only_chosen_names_and_only_this_folder(allowed: Path) -> None:
    put(allowed / "a.tmp")
    put(allowed / "b.txt")
    put(allowed / "deep/c.tmp")
    assert run(allowed, chosen=lambda name: name.endswith(".tmp"), recursive=False).files == 1
    assert {each.name for each in allowed.iterdir()} == {"b.txt", "deep"}


def test_links_are_neither_followed_nor_removed(allowed: Path, outside: Path) -> None:
    (allowed / "folder").symlink_to(outside)
    (allowed / "file").symlink_to(outside / "precious")
    (allowed / "up").symlink_to("..")
    (allowed / "gone").symlink_to("nowhere")
    for link in allowed.iterdir():
        os.utime(link, (OLD, OLD), follow_symlinks=False)
    assert run(allowed) == Removed()
    assert (outside / "precious").exists()
    assert len(list(allowed.iterdir())) == 4


def test_a_folder_that_is_exchanged_for_a_link_while_it_works_leads_nowhere(
    allowed: Path, outside: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between looking at the folder and opening it."""
    put(allowed / "victim/file")
    make_old(allowed)
    opened = os.open

    def exchange(path: Any, flags: int, *arguments: Any, **options: Any) -> int:
        if path == "victim":
            (allowed / "victim").rename(allowed.parent / "moved")
            (allowed / "victim").symlink_to(outside)
        return opened(path, flags, *arguments, **options)

    monkeypatch.setattr(os, "open", exchange)
    assert run(allowed) == Removed(failed=1)
    assert (outside / "precious").exists()


def test_a_folder_that_is_moved_away_while_it_works_is_not_left_by_its_parent(
    allowed: Path, outside: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its files are removed by its descriptor; the link that stands in its place now is not walked."""
    put(allowed / "victim/precious")
    make_old(allowed)
    listed = os.listdir

    def exchange(folder: Any) -> list[str]:
        found = listed(folder)
        if found == ["precious"]:
            (allowed / "victim").rename(allowed.parent / "moved")
            (allowed / "victim").symlink_to(outside)
        return found

    monkeypatch.setattr(os, "listdir", exchange)
    removed = run(allowed)
    assert (removed.files, removed.failed) == (1, 1)
    assert (outside / "precious").exists()


def test_other_than_files_and_folders_stay(allowed: Path) -> None:
    os.mkfifo(allowed / "pipe")
    os.utime(allowed / "pipe", (OLD, OLD))
    assert run(allowed) == Removed()


def test_it_stops_when_it_is_told(allowed: Path) -> None:
    for number in range(5):
        put(allowed / str(number))
    stop = threading.Event()

    def chosen(_name: str) -> bool:
        stop.set()
        return True

    assert removal(chosen=chosen).run(allowed, stop).files == 1


def test_a_folder_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        run(tmp_path / "nowhere")
