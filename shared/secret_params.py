"""Secret parameters: which ones they are, by their template's JSON Schema, and how they are shown and written back.

A field that is a pydantic SecretStr has `format: password` and `writeOnly` in its schema. Pure.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from shared.errors import InvalidDefinition
from shared.logging import MASK

Schema = Mapping[str, Any]

Path = tuple[str | int, ...]
"""Where a value is: `params`, then names of fields and numbers of entries."""

_ABSENT: Any = object()
_SEVERAL = ("anyOf", "oneOf", "allOf")
_PLAIN = frozenset({str, int, float, bool, type(None)})
"""Types of most values: nothing is in them, and they are no sealed secret."""


class ParamMask:
    """Hides the secrets in parameters of one template. What its schema says of a place is found out once."""

    def __init__(self, schema: Schema | None) -> None:
        """schema None: nobody knows what is secret, so every text is."""
        self._forms = None if schema is None else _Forms(schema, [schema])

    def masked(self, params: Any) -> Any:
        """`params` with every secret replaced by the mask."""
        if self._forms is None:
            return _with_texts_masked(params)
        if not isinstance(params, Mapping):
            return MASK
        return _with_bytes_masked(_changed(params, self._forms, ("params",), _mask))


def _mask(value: Any, _path: Path) -> Any:
    return None if value is None else MASK


def with_secrets(params: Any, schema: Schema, change: Callable[[Any, Path], Any]) -> Any:
    """A copy of `params` with `change(value, path)` in place of each secret; the path begins with "params"."""
    return _changed(params, _Forms(schema, [schema]), ("params",), change)


def unmasked(params: Mapping[str, Any], stored: Any, schema: Schema) -> dict[str, Any]:
    """`params` as a person wrote them, where a mask stands for the stored secret of the same place.

    In a list the masks stand for the stored entries in their order. InvalidDefinition names a mask for which there is
    none. stored: the parameters that were shown; whatever else it is counts as none.
    """
    written: dict[str, Any] = _unmasked(params, stored, _Forms(schema, [schema]), ["params"])
    return written


class _Forms:
    """What a schema says of one place: one form, or several of which any may be the one."""

    __slots__ = ("_fields", "_forms", "_items", "_root", "are_secret")

    def __init__(self, root: Schema, forms: Iterable[Any]) -> None:
        self._root = root
        self._forms = list(_flattened(root, forms))
        self._fields: dict[str, _Forms] = {}
        self._items: _Forms | None = None
        self.are_secret = any(form.get("format") == "password" or form.get("writeOnly") is True for form in self._forms)

    def of_field(self, name: str) -> "_Forms":
        if name not in self._fields:
            self._fields[name] = _Forms(self._root, (each for form in self._forms for each in _field_forms(form, name)))
        return self._fields[name]

    def of_items(self) -> "_Forms":
        if self._items is None:
            self._items = _Forms(self._root, (each for form in self._forms for each in _item_forms(form)))
        return self._items


def _flattened(root: Schema, forms: Iterable[Any]) -> Iterator[Schema]:
    """The forms with their references and alternatives followed, each once."""
    waiting, seen = list(forms), set[int]()
    while waiting:
        form = waiting.pop()
        if not isinstance(form, Mapping) or id(form) in seen:
            continue
        seen.add(id(form))
        yield form
        for word in _SEVERAL:
            several = form.get(word)
            waiting += several if isinstance(several, list) else []
        if "$ref" in form:
            waiting.append(_referred(root, form["$ref"]))


def _referred(root: Schema, reference: Any) -> Any:
    """Within the schema only; None: there is no such place."""
    if not isinstance(reference, str) or not reference.startswith("#/"):
        return None
    found: Any = root
    for part in reference[2:].split("/"):
        found = found.get(part.replace("~1", "/").replace("~0", "~")) if isinstance(found, Mapping) else None
    return found


def _field_forms(form: Schema, name: str) -> Iterator[Any]:
    properties, patterns = form.get("properties"), form.get("patternProperties")
    if isinstance(properties, Mapping) and name in properties:
        yield properties[name]
        return
    if isinstance(patterns, Mapping):
        yield from (inner for pattern, inner in patterns.items() if _matches(str(pattern), name))
    yield form.get("additionalProperties")


def _matches(pattern: str, name: str) -> bool:
    """A pattern that cannot be read matches: better a mask too many."""
    try:
        return re.search(pattern, name) is not None
    except re.error:
        return True


def _item_forms(form: Schema) -> Iterator[Any]:
    first = form.get("prefixItems")
    yield from first if isinstance(first, list) else ()
    yield form.get("items")


def _changed(value: Any, forms: _Forms, path: Path, change: Callable[[Any, Path], Any]) -> Any:
    if forms.are_secret:
        return change(value, path)
    if type(value) in _PLAIN:
        return value
    if isinstance(value, Mapping):
        return {
            name: _changed(inner, forms.of_field(str(name)), (*path, str(name)), change)
            for name, inner in value.items()
        }
    if isinstance(value, list):
        of_items = forms.of_items()
        return [_changed(inner, of_items, (*path, index), change) for index, inner in enumerate(value)]
    return value


def _with_bytes_masked(value: Any) -> Any:
    """No parameter is bytes but a sealed secret: of a field that the template does not call secret any more."""
    if type(value) in _PLAIN:
        return value
    if isinstance(value, Mapping):
        return {name: _with_bytes_masked(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_with_bytes_masked(inner) for inner in value]
    return MASK if isinstance(value, bytes) else value


def _with_texts_masked(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _with_texts_masked(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_with_texts_masked(inner) for inner in value]
    return MASK if isinstance(value, str | bytes) and value else value


def _unmasked(value: Any, stored: Any, forms: _Forms, path: Sequence[str]) -> Any:
    if forms.are_secret:
        if value != MASK:
            return value
        if stored is _ABSENT or stored is None:
            raise _fault(path, "this is the mask of a secret, and none is stored here; write the secret itself")
        return stored
    if isinstance(value, Mapping):
        before = stored if isinstance(stored, Mapping) else {}
        return {
            name: _unmasked(inner, before.get(name, _ABSENT), forms.of_field(str(name)), [*path, str(name)])
            for name, inner in value.items()
        }
    if isinstance(value, list):
        return _unmasked_list(value, stored if isinstance(stored, list) else [], forms.of_items(), path)
    return value


def _unmasked_list(entries: list[Any], stored: list[Any], forms: _Forms, path: Sequence[str]) -> list[Any]:
    masks = [index for index, entry in enumerate(entries) if _holds_mask(entry, forms)]
    if masks and len(masks) != len(stored):
        raise _fault(
            path,
            f"{len(masks)} entries have masked secrets, and {len(stored)} are stored, so nobody knows which is which; "
            "keep all of them, or write the secrets themselves",
        )
    before = dict(zip(masks, stored, strict=True)) if masks else {}
    return [
        _unmasked(entry, before.get(index, _ABSENT), forms, [*path, str(index)]) for index, entry in enumerate(entries)
    ]


def _holds_mask(value: Any, forms: _Forms) -> bool:
    if forms.are_secret:
        return bool(value == MASK)
    if isinstance(value, Mapping):
        return any(_holds_mask(inner, forms.of_field(str(name))) for name, inner in value.items())
    if isinstance(value, list):
        return any(_holds_mask(inner, forms.of_items()) for inner in value)
    return False


def _fault(path: Sequence[str], detail: str) -> InvalidDefinition:
    return InvalidDefinition(".".join(path), detail, "masked_secret")
