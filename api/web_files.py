"""The files of the web UI, read once: each with its type and compressed, all under one digest of their content."""

import base64
import gzip
import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable

SHELL = "index.html"
_TYPES = {
    "css": "text/css; charset=utf-8",
    "html": "text/html; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "mjs": "text/javascript; charset=utf-8",
    "svg": "image/svg+xml",
    "txt": "text/plain; charset=utf-8",
    "md": "text/plain; charset=utf-8",
}
_LIBRARIES = {
    "preact": "preact.mjs",
    "preact/hooks": "preact-hooks.mjs",
    "htm": "htm.mjs",
    "@preact/signals-core": "signals-core.mjs",
    "@preact/signals": "signals.mjs",
}


@dataclass(frozen=True, slots=True)
class WebFile:
    """One file as it is served."""

    media_type: str
    content: bytes
    compressed: bytes

    @classmethod
    def of(cls, name: str, content: bytes) -> "WebFile":
        return cls(_TYPES[name.rpartition(".")[2]], content, gzip.compress(content, 9, mtime=0))


@dataclass(frozen=True, slots=True)
class WebFiles:
    """version: a digest of every file, part of each address, so that a browser may keep what it has for ever."""

    version: str
    shell: WebFile
    shell_scripts: str
    """The source of `script-src` that allows the import map of the shell."""
    others: Mapping[str, WebFile]


@cache
def web_files() -> WebFiles:
    """Read at the first request that wants one."""
    contents = dict(sorted(_walk(files("api.ui"), "")))
    digest = hashlib.sha256()
    for name, content in contents.items():
        digest.update(b"%s\0%d\0%s" % (name.encode(), len(content), content))
    version = digest.hexdigest()[:16]
    base = f"./ui/{version}"
    import_map = json.dumps({"imports": {name: f"{base}/vendor/{file}" for name, file in _LIBRARIES.items()}})
    shell = contents.pop(SHELL).decode().replace("{{ base }}", base).replace("{{ import_map }}", import_map)
    map_digest = base64.b64encode(hashlib.sha256(import_map.encode()).digest()).decode()
    return WebFiles(
        version,
        WebFile.of(SHELL, shell.encode()),
        f"'sha256-{map_digest}'",
        {name: WebFile.of(name, content) for name, content in contents.items()},
    )


def _walk(folder: Traversable, prefix: str) -> Iterator[tuple[str, bytes]]:
    for entry in folder.iterdir():
        if entry.is_dir():
            yield from _walk(entry, f"{prefix}{entry.name}/")
        elif entry.name.rpartition(".")[2] in _TYPES:
            yield prefix + entry.name, entry.read_bytes()
