"""Reads JUnit reports, which a suite wrote: bounded in size, without document types and so without any entity."""

import os
import stat
from dataclasses import dataclass, field
from pathlib import Path
from xml.parsers import expat

LARGEST_REPORT_BYTES = 16 * 1024 * 1024
MOST_FAILURES = 1_000
LONGEST_NAME = 200
LONGEST_MESSAGE = 1_000
_DEEPEST = 100


class ReportUnreadable(Exception):
    """A suite left a report that cannot be read; the text says why."""


@dataclass(frozen=True, slots=True)
class Failure:
    """One test that failed, or could not be run."""

    name: str
    message: str


@dataclass(slots=True)
class JunitReport:
    """What a report counts."""

    passed: int = 0
    failed: int = 0
    skipped: int = 0
    failures: list[Failure] = field(default_factory=list)
    """The first thousand."""

    @property
    def total(self) -> int:
        return self.passed + self.failed + self.skipped


def read_report(path: Path) -> JunitReport | None:
    """None: there is no report. ReportUnreadable if what is there is none."""
    try:
        source = _content(path)
    except FileNotFoundError:
        return None
    except OSError as fault:
        raise ReportUnreadable(f"the report cannot be read: {fault.strerror}") from None
    return parse_report(source)


def parse_report(source: bytes) -> JunitReport:
    """ReportUnreadable names what is wrong with it."""
    reading = _Reading()
    parser = expat.ParserCreate()
    parser.StartElementHandler = reading.start
    parser.EndElementHandler = reading.end
    parser.CharacterDataHandler = reading.text
    parser.StartDoctypeDeclHandler = _refuse_doctype
    parser.buffer_text = True
    try:
        parser.Parse(source, True)
    except (expat.ExpatError, LookupError, ValueError) as fault:  # the latter two: an encoding that it cannot read
        raise ReportUnreadable(f"the report is not XML: {fault}") from None
    return reading.report


def _content(path: Path) -> bytes:
    """Of a plain file only: a suite may have left a link or a pipe."""
    number = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(number, "rb") as file:
        if not stat.S_ISREG(os.fstat(number).st_mode):
            raise ReportUnreadable("the report is not a plain file")
        content = file.read(LARGEST_REPORT_BYTES + 1)
    if len(content) > LARGEST_REPORT_BYTES:
        raise ReportUnreadable(f"the report is larger than {LARGEST_REPORT_BYTES} bytes")
    return content


def _refuse_doctype(*_declared: object) -> None:
    raise ReportUnreadable("the report declares a document type, which no JUnit report needs")


class _Reading:
    """Hears the elements one by one: no tree is built."""

    def __init__(self) -> None:
        self.report = JunitReport()
        self._open: list[str] = []
        self._name = ""
        self._ending = "passed"
        self._message = ""
        self._texts: list[str] | None = None

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        self._open.append(tag)
        if len(self._open) > _DEEPEST:
            raise ReportUnreadable("the report is nested too deeply")
        if tag == "testcase":
            parts = (attributes.get("classname"), attributes.get("name"))
            self._name = "::".join(part for part in parts if part)[:LONGEST_NAME] or "a test without a name"
            self._ending, self._message = "passed", ""
        elif tag in ("failure", "error") and self._in_case:
            self._ending = "failed"
            self._message = self._message or attributes.get("message", "")[:LONGEST_MESSAGE]
            self._texts = []
        elif tag == "skipped" and self._in_case and self._ending == "passed":
            self._ending = "skipped"

    def text(self, text: str) -> None:
        if self._texts is not None and sum(map(len, self._texts)) < LONGEST_MESSAGE:
            self._texts.append(text[:LONGEST_MESSAGE])

    def end(self, tag: str) -> None:
        if tag in ("failure", "error") and self._texts is not None:
            self._message = self._message or "".join(self._texts).strip()[:LONGEST_MESSAGE]
            self._texts = None
        elif tag == "testcase":
            self._count()
        self._open.pop()

    @property
    def _in_case(self) -> bool:
        return self._open[-2:-1] == ["testcase"]

    def _count(self) -> None:
        match self._ending:
            case "failed":
                self.report.failed += 1
                if len(self.report.failures) < MOST_FAILURES:
                    self.report.failures.append(Failure(self._name, self._message))
            case "skipped":
                self.report.skipped += 1
            case _:
                self.report.passed += 1
