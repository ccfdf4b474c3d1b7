"""The Jinja2 environment that other people's templates run in: immutable, strict, and bounded in time and size.

Bounded: loops and calls draw on one budget of steps for each rendering, and no text may grow beyond a cap on the way.
"""

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from itertools import islice
from typing import Any

from jinja2 import StrictUndefined, nodes, pass_eval_context
from jinja2.runtime import Context, markup_join, str_join
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.visitor import NodeTransformer

MOST_STEPS = 200_000
STEPS_OF_A_CALL = 10
MOST_CHARACTERS = 1_000_000
MOST_BITS = 10_000
_PARTS_AT_ONCE = 32
_WIDE_FORMAT = re.compile(r"\d{5}|\*")

_budget: ContextVar[list[int]] = ContextVar("steps left in the present rendering")


class TemplateTooGreedy(Exception):
    """A template took too many steps or grew too large."""


@contextmanager
def one_rendering() -> Iterator[None]:
    """Gives what is rendered inside one full budget of steps."""
    mark = _budget.set([MOST_STEPS])
    try:
        yield
    finally:
        _budget.reset(mark)


def _spend(steps: int) -> None:
    left = _budget.get(None)
    if left is None:
        return
    left[0] -= steps
    if left[0] < 0:
        raise TemplateTooGreedy(f"the template takes more than {MOST_STEPS} steps")


def _check_size(size: int) -> None:
    if size > MOST_CHARACTERS:
        raise TemplateTooGreedy(f"the text grows beyond {MOST_CHARACTERS} characters")


def _stepwise(values: Iterable[Any]) -> Iterator[Any]:
    for value in values:
        _spend(1)
        yield value


def _join(parts: Iterable[str]) -> str:
    collected: list[str] = []
    size, rest = 0, iter(parts)
    while some := list(islice(rest, _PARTS_AT_ONCE)):
        size += sum(map(len, some))
        _check_size(size)
        collected += some
    return "".join(collected)


@pass_eval_context
def _concatenated(context: nodes.EvalContext, parts: list[Any]) -> str:
    _check_size(sum(len(part) for part in parts if isinstance(part, str)))
    return markup_join(parts) if context.autoescape else str_join(parts)


class _Bounds(NodeTransformer):
    """Makes every loop count its steps and every `~` look at the size of its result."""

    def visit_For(self, node: nodes.For) -> nodes.Node:
        self.generic_visit(node)
        node.iter = nodes.Filter(node.iter, "stepwise", [], [], None, None)
        return node

    def visit_Concat(self, node: nodes.Concat) -> nodes.Node:
        self.generic_visit(node)
        return nodes.Filter(nodes.List(node.nodes), "concatenated", [], [], None, None)


class BoundedEnvironment(ImmutableSandboxedEnvironment):
    """Strict about what is undefined; no includes, no imports, no inheritance: there is no loader."""

    intercepted_binops = frozenset({"*", "**", "%", "+"})
    concat = staticmethod(_join)

    def __init__(self, *, autoescape: bool) -> None:
        super().__init__(autoescape=autoescape, undefined=StrictUndefined, keep_trailing_newline=True, cache_size=0)
        self.filters["stepwise"] = _stepwise
        self.filters["concatenated"] = _concatenated
        self.globals.pop("lipsum", None)

    def _parse(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
        tree = super()._parse(source, name, filename)
        _Bounds().visit(tree)
        tree.set_environment(self)
        return tree

    def call(__self, __context: Context, __obj: Any, *args: Any, **kwargs: Any) -> Any:
        given = [*args, *kwargs.values()]
        if any(isinstance(value, int) and abs(value) > MOST_CHARACTERS for value in given):
            raise TemplateTooGreedy(f"a number above {MOST_CHARACTERS} is given to a function")
        _spend(STEPS_OF_A_CALL)
        result = super().call(__context, __obj, *args, **kwargs)
        if isinstance(result, range):
            _spend(len(result))
        return result

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        match operator:
            case "*":
                _check_product(left, right)
            case "**":
                _check_power(left, right)
            case "%":
                if isinstance(left, str) and _WIDE_FORMAT.search(left):
                    raise TemplateTooGreedy("a format is wider than 9999")
            case "+":
                if isinstance(left, str) and isinstance(right, str):
                    _check_size(len(left) + len(right))
        return super().call_binop(context, operator, left, right)


def _check_product(left: Any, right: Any) -> None:
    for sequence, times in ((left, right), (right, left)):
        if isinstance(sequence, str | bytes | list | tuple) and isinstance(times, int):
            _check_size(len(sequence) * max(0, times))
    if isinstance(left, int) and isinstance(right, int) and left.bit_length() + right.bit_length() > MOST_BITS:
        raise TemplateTooGreedy("a number is too large")


def _check_power(left: Any, right: Any) -> None:
    if isinstance(left, int) and isinstance(right, int) and left.bit_length() * abs(right) > MOST_BITS:
        raise TemplateTooGreedy("a number is too large")
