"""Reading JUnit reports."""

import os
from pathlib import Path

import pytest

from scheduler_daemon.suites.junit import (
    LARGEST_REPORT_BYTES,
    MOST_FAILURES,
    Failure,
    ReportUnreadable,
    parse_report,
    read_report,
)

REPORT = b"""<?xml version="1.0" encoding="utf-8"?>
<testsuites><testsuite name="pytest" tests="5">
  <properties><property name="x" value="y"/></properties>
  <testcase classname="tests.a" name="test_good"><system-out>passed &amp; printed</system-out></testcase>
  <testcase classname="tests.a" name="test_bad"><failure message="assert 1 == 2">the whole story</failure></testcase>
  <testcase name="test_broken"><error>no message
 but a text</error></testcase>
  <testcase classname="tests.a" name="test_left_out"><skipped message="not here"/></testcase>
  <testcase classname="tests.a" name="test_twice"><failure message="first"/><error message="second"/></testcase>
</testsuite></testsuites>"""


def test_every_test_is_counted_once_and_the_failing_ones_are_named() -> None:
    report = parse_report(REPORT)
    assert (report.passed, report.failed, report.skipped, report.total) == (1, 3, 1, 5)
    assert report.failures == [
        Failure("tests.a::test_bad", "assert 1 == 2"),
        Failure("test_broken", "no message\n but a text"),
        Failure("tests.a::test_twice", "first"),
    ]


def test_a_report_of_very_many_failures_names_the_first_ones() -> None:
    case = b'<testcase name="t"><failure/></testcase>'
    report = parse_report(b"<testsuite>" + case * (MOST_FAILURES + 5) + b"</testsuite>")
    assert (report.failed, len(report.failures)) == (MOST_FAILURES + 5, MOST_FAILURES)


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        (b'<?xml version="1.0" encoding="no-such-one"?><testsuite/>', "not XML"),
        (b'<?xml version="1.0" encoding="utf-32"?><testsuite/>', "not XML"),
        (b'<?xml version="1.0" encoding="idna"?><testsuite/>', "not XML"),
        (b'<?xml version="1.0" encoding="base64"?><testsuite/>', "not XML"),
        (
            b'<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><testsuite><testcase name="&a;"/></testsuite>',
            "type",
        ),
        (b'<!DOCTYPE x [<!ENTITY a "aa"><!ENTITY b "&a;&a;">]><testsuite/>', "document type"),
        (b"<!DOCTYPE testsuite><testsuite/>", "document type"),
        (b"<testsuite>" + b"<a>" * 200, "too deeply"),
        (b"<testsuite>", "not XML"),
        (b"", "not XML"),
        (b"passed", "not XML"),
    ],
)
def test_what_is_no_honest_report_is_refused(source: bytes, reason: str) -> None:
    with pytest.raises(ReportUnreadable, match=reason):
        parse_report(source)


def test_no_report_is_no_fault(tmp_path: Path) -> None:
    assert read_report(tmp_path / "junit.xml") is None


def test_a_report_is_a_plain_file_of_a_bounded_size(tmp_path: Path) -> None:
    large, link, pipe = tmp_path / "large", tmp_path / "link", tmp_path / "pipe"
    with large.open("wb") as file:
        file.truncate(LARGEST_REPORT_BYTES + 1)
    (tmp_path / "elsewhere").write_text("<testsuite/>")
    link.symlink_to(tmp_path / "elsewhere")
    os.mkfifo(pipe)
    for path in (large, link, pipe, tmp_path):
        with pytest.raises(ReportUnreadable):
            read_report(path)
