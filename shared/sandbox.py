"""The Jinja2 environment that other people's templates run in: immutable, strict, and bounded in time and size.

Bounded: loops and calls draw on one budget of steps for each rendering, and no text may grow beyond a cap on the way.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from functools import wraps
from itertools import islice
from typing import Any

from jinja2 import StrictUndefined, Template, nodes, pass_eval_context
from jinja2.runtime import Context, markup_join, str_join
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.visitor import NodeTransformer

MOST_STEPS = 200_000
STEPS_OF_A_CALL = 10
MOST_CHARACTERS = 1_000_000
MOST_BITS = 10_000
WIDEST = 1000
MOST_DIGITS = 100
_WIDENING = ("center", "indent", "batch", "slice", "truncate", "wordwrap")
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


def _bounded_filter(name: str, filter_: Callable[..., Any]) -> Callable[..., Any]:
    """The filter, refusing arguments with which one call could grow without bound."""
    leading = 2 if hasattr(filter_, "jinja_pass_arg") else 1

    @wraps(filter_)
    def bounded(*args: Any, **kwargs: Any) -> Any:
        _spend(STEPS_OF_A_CALL)
        value, given = args[leading - 1], [*args[leading:], *kwargs.values()]
        if name == "replace":
            _check_replace(str(value), *[str(text) for text in given[:2]])
        else:
            widest = MOST_DIGITS if name == "round" else WIDEST
            if any(isinstance(each, int) and abs(each) > widest for each in given):
                raise TemplateTooGreedy(f"a number above {widest} is given to the filter {name}")
            if any(isinstance(each, str) and len(each) > WIDEST for each in given):
                raise TemplateTooGreedy(f"a text longer than {WIDEST} is given to the filter {name}")
        if name == "indent":
            _check_size(len(str(value)) + str(value).count("\n") * max((_width(each) for each in given), default=4))
        return filter_(*args, **kwargs)

    return bounded


def _width(given: object) -> int:
    return given if isinstance(given, int) else len(given) if isinstance(given, str) else 0


def _check_replace(text: str, old: str = "", new: str = "") -> None:
    _check_size(len(text) + (text.count(old) if old else len(text) + 1) * len(new))


class BoundedEnvironment(ImmutableSandboxedEnvironment):
    """Strict about what is undefined; no includes, no imports, no inheritance: there is no loader."""

    intercepted_binops = frozenset({"*", "**", "%", "+"})
    concat = staticmethod(_join)

    def __init__(self, *, autoescape: bool) -> None:
        super().__init__(
            autoescape=autoescape,
            undefined=StrictUndefined,
            keep_trailing_newline=True,
            cache_size=0,
            optimized=False,  # the optimizer would run filters on constants at compile time, outside of every bound
        )
        self.filters.pop("format")  # printf with widths of any size; `%` is bounded
        for name in (*_WIDENING, "join", "replace", "round"):
            self.filters[name] = _bounded_filter(name, self.filters[name])
        self.filters["stepwise"] = _stepwise
        self.filters["concatenated"] = _concatenated
        self.globals.pop("lipsum", None)

    def rendered(self, template: Template, variables: Mapping[str, Any]) -> str:
        """What `Template.render` answers, without the map of globals that it makes anew for each text."""
        context = self.context_class(self, {**self.globals, **variables}, template.name, template.blocks)
        try:
            return self.concat(template.root_render_func(context))
        except Exception:
            self.handle_exception()

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
