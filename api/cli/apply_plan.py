"""From files and what the API has to what must be done. Nothing is changed here."""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from api.cli.client import Json
from api.cli.kinds import BY_WORD, KINDS, NAMED_BY, Kind
from api.cli.yaml_files import FileDocument, FileFault, read_documents

SUFFIXES = (".yaml", ".yml", ".json")
FILES = "files"

Existing = Mapping[str, Sequence[Json]]
"""By kind, all documents of the API."""


class Wanted(NamedTuple):
    """One document of the files."""

    kind: Kind
    name: str
    content: Json
    source: FileDocument

    @property
    def digest(self) -> str:
        """Of what stands in the file, whatever its layout."""
        return hashlib.sha256(json.dumps(self.content, sort_keys=True).encode()).hexdigest()


class Step(NamedTuple):
    """action: create, update, delete or unchanged. present: the document of the API; wanted: None for delete."""

    action: str
    kind: Kind
    name: str
    wanted: Wanted | None
    present: Json | None

    def told(self) -> dict[str, Any]:
        return {"action": self.action, "kind": self.kind.word, "name": self.name}


def read_files(paths: Iterable[Path]) -> list[Wanted]:
    """Every document of the files, folders with all below them; FileFault names the place."""
    found: list[Wanted] = []
    seen: dict[tuple[str, str], FileDocument] = {}
    for path in paths:
        for file in _files_of(path):
            for document in read_documents(file, _text_of(file)):
                wanted = _wanted(document)
                first = seen.setdefault((wanted.kind.word, wanted.name), document)
                if first is not document:
                    raise document.fault(
                        f"{NAMED_BY}: {first.file}, document {first.number} is a {wanted.kind.word} of this name, too"
                    )
                found.append(wanted)
    return found


def plan(wanted: Sequence[Wanted], existing: Existing, label: str, *, adopt: bool, prune: bool) -> list[Step]:
    """What to do, in an order in which nothing is missing: first what others name, deletions in reverse."""
    steps, deletions = [], []
    for kind in KINDS:
        ours = {str(each.get(NAMED_BY)): each for each in existing[kind.word] if _is_ours(each, label)}
        others = [each for each in existing[kind.word] if not _is_ours(each, label)]
        of_kind = [each for each in wanted if each.kind is kind]
        steps += [_step(each, ours.get(each.name), others, adopt=adopt) for each in of_kind]
        gone = set(ours) - {each.name for each in of_kind}
        deletions += [Step("delete", kind, name, None, ours[name]) for name in sorted(gone) if prune]
    return steps + deletions[::-1]


def ids_by_name(existing: Existing, label: str) -> dict[str, dict[str, str]]:
    """By kind, for references; of several of one name the one that comes from these files is meant."""
    return {
        word: {
            str(each.get(NAMED_BY)): each["id"] for each in sorted(documents, key=lambda each: _is_ours(each, label))
        }
        for word, documents in existing.items()
    }


def _step(wanted: Wanted, present: Json | None, others: Sequence[Json], *, adopt: bool) -> Step:
    if present is None:
        same = [each for each in others if each.get(NAMED_BY) == wanted.name]
        if same and (len(same) > 1 or not adopt):
            remedy = "rename one" if len(same) > 1 or same[0].get("managedBy") == FILES else "--adopt takes it over"
            raise wanted.source.fault(
                f"{NAMED_BY}: {len(same)} {wanted.kind.word}(s) of this name exist that do not come from these "
                f"files; {remedy}"
            )
        present = same[0] if same else None
    if present is None:
        return Step("create", wanted.kind, wanted.name, wanted, None)
    fresh = present.get("managedBy") == FILES and present.get("managedDigest") == wanted.digest
    return Step("unchanged" if fresh else "update", wanted.kind, wanted.name, wanted, present)


def _is_ours(document: Mapping[str, Any], label: str) -> bool:
    return document.get("managedBy") == FILES and document.get("managedLabel") == label


def _wanted(document: FileDocument) -> Wanted:
    content = dict(document.content)
    kind = BY_WORD.get(str(content.pop("kind", None)))
    if kind is None:
        raise document.fault(f"kind: write one of {', '.join(BY_WORD)}")
    name = content.get(NAMED_BY)
    if not isinstance(name, str) or not name.strip():
        raise document.fault(f"{NAMED_BY}: write a text; it tells this {kind.word} from others")
    return Wanted(kind, name, content, document)


def _files_of(path: Path) -> list[Path]:
    if path.is_dir():
        return sorted(each for each in path.rglob("*") if each.suffix in SUFFIXES and each.is_file())
    return [path]


def _text_of(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except OSError as fault:
        raise FileFault(f"{file} cannot be read: {fault.strerror}") from None
    except UnicodeDecodeError:
        raise FileFault(f"{file} is not UTF-8") from None
