"""Files of YAML documents, read strictly: plain values only, each key once, no references, dates stay text."""

import json
from collections.abc import Hashable
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from shared.errors import SchedulerError

LARGEST_BYTES = 5_000_000
_TIMESTAMP = "tag:yaml.org,2002:timestamp"


class FileFault(SchedulerError):
    """A file that cannot be used. The text names file, document and place."""


class FileDocument(NamedTuple):
    """One YAML document: an object. number counts from 1."""

    file: Path
    number: int
    content: dict[str, Any]

    def fault(self, detail: str) -> FileFault:
        return FileFault(f"{self.file}, document {self.number}: {detail}")


class _StrictLoader(yaml.SafeLoader):
    """Refuses what is likely a slip, or what could grow without bound."""

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            mark = self.peek_event().start_mark  # type: ignore[no-untyped-call]
            raise yaml.constructor.ConstructorError(None, None, "references (*name) are not taken; write it out", mark)
        return super().compose_node(parent, index)

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        seen: set[object] = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            if not isinstance(key, str):
                raise yaml.constructor.ConstructorError(None, None, "a key is no text", key_node.start_mark)
            if key in seen:
                raise yaml.constructor.ConstructorError(
                    None, None, f"the key {key!r} stands twice", key_node.start_mark
                )
            seen.add(key)
        return super().construct_mapping(node, deep)


_StrictLoader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != _TIMESTAMP]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def read_documents(file: Path, text: str) -> list[FileDocument]:
    """The documents of a file that are not empty; FileFault."""
    if len(text) > LARGEST_BYTES:
        raise FileFault(f"{file}: larger than {LARGEST_BYTES:,} bytes; split it")
    found: list[FileDocument] = []
    try:
        for number, content in enumerate(yaml.load_all(text, _StrictLoader), 1):
            document = FileDocument(file, number, content)
            if content is not None and not isinstance(content, dict):
                raise document.fault("write an object: `name: value` on each line")
            if content:
                _check_plain(document)
                found.append(document)
    except yaml.MarkedYAMLError as fault:
        mark = fault.problem_mark or fault.context_mark
        place = f", line {mark.line + 1}, column {mark.column + 1}" if mark else ""
        raise FileFault(f"{file}{place}: {fault.problem or fault.context}") from None
    except (yaml.YAMLError, ValueError, RecursionError) as fault:
        raise FileFault(f"{file}: not YAML ({str(fault).splitlines()[0] if str(fault) else 'too deep'})") from None
    return found


def _check_plain(document: FileDocument) -> None:
    """What the API could not be sent: tags such as !!binary, and numbers that are none."""
    try:
        json.dumps(document.content, allow_nan=False)
    except (TypeError, ValueError):
        raise document.fault("write only texts, numbers, true, false, null, lists and objects") from None
