"""Notices say why, in words, in a subject and as JSON."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from cutwatch.detection.incidents import ColumnFinding, DetectorFinding, Incident, Notice
from cutwatch.detection.messages import explain, notice_json, notice_subject, notice_text
from cutwatch.detection.records import ExpectedRange

OPENED = datetime(2020, 7, 15, 17, 31, tzinfo=UTC)
CLICKS = ColumnFinding("CLICKS", "LOW", 0, 0, ExpectedRange(21, 34, 48), 9.0, 4.0)
INCIDENT = Incident(
    series="clickstream",
    kind="system",
    severity="high",
    started=OPENED - timedelta(minutes=1),
    opened=OPENED,
    last_bad=OPENED + timedelta(minutes=9),
    over=None,
    detectors=(
        DetectorFinding("kinesis_rcf", OPENED, 2.31, 1.5),
        DetectorFinding(
            "deepar",
            OPENED + timedelta(minutes=9),
            2.0,
            1.0,
            column="CLICKS",
            direction="LOW",
            value=0,
            expected=ExpectedRange(280, 340, 410),
        ),
    ),
    columns=(
        CLICKS,
        replace(CLICKS, name="USERS", expected=ExpectedRange(9, 15, 22)),
        replace(CLICKS, name="URLS", expected=None),
        replace(CLICKS, name="RESIDUALS", weight=0.0),
    ),
)
NOTICE = Notice("joined", INCIDENT, OPENED + timedelta(minutes=9), detector="deepar")


def test_reason_in_words() -> None:
    assert explain(INCIDENT, now=OPENED + timedelta(minutes=9)) == (
        "CLICKS 0, expected 21\u201348: far lower than usual since 17:30 (10 min). USERS, URLS low too. "
        "Kinesis RCF 2.3 (alarm above 1.5), DeepAR below its 1 % band."
    )


@pytest.mark.parametrize(
    ("value", "direction", "says"),
    [
        (15, "LOW", "15, expected 21\u201348: lower than usual"),
        (10, "LOW", "10, expected 21\u201348: far lower than usual"),
        (55, "HIGH", "55, expected 21\u201348: higher than usual"),
        (1234, "HIGH", "1,234, expected 21\u201348: far higher than usual"),
    ],
)
def test_how_far(value: float, direction: str, says: str) -> None:
    column = replace(CLICKS, value=value, direction=direction)  # type: ignore[arg-type]

    assert says in explain(replace(INCIDENT, columns=(column,)))


def test_what_is_over_is_told_by_its_peak_and_duration() -> None:
    over = replace(INCIDENT, over=OPENED + timedelta(minutes=14), columns=(replace(CLICKS, value=33, peak=2),))

    assert explain(over).startswith("CLICKS 2, expected 21\u201348: far lower than usual since 17:30 (10 min).")
    assert notice_text(Notice("over", over, OPENED)).startswith(
        "Over: the system fault on clickstream (high), 2020-07-15 17:30 UTC to 17:40 (10 min)."
    )


def test_text_has_all_that_people_ask_for() -> None:
    other = replace(INCIDENT, series="checkout")
    text = notice_text(replace(NOTICE, held_back=2, together=(other,)), time_zone="Europe/Paris")

    assert text.startswith("DeepAR has joined the system fault on clickstream (high) of 2020-07-15 19:31.")
    assert "CLICKS LOW: 0, expected 21\u201348, peak 0, attribution 4.0" in text
    assert "Kinesis RCF 2.3 (alarm above 1.5), since 19:31" in text
    assert "DeepAR below its 1 % band, since 19:40: CLICKS 0, forecast 280\u2013410" in text
    assert "Together with it, checkout: CLICKS 0" in text
    assert "2 notices before this one were held back by the hourly cap." in text
    assert text.endswith("Incident clickstream@2020-07-15T17:30:00Z")


def test_an_incident_without_columns_still_says_something() -> None:
    text = notice_text(Notice("opened", replace(INCIDENT, kind="score", columns=(), detectors=()), OPENED))

    assert text.startswith("An anomaly on clickstream (high) has opened at 2020-07-15 17:31 UTC.")
    assert "Unusual since 17:30 (1 min)." in text


@pytest.mark.parametrize("series", ["clickstream", "k\u00e4se\n" * 40, "x" * 300])
def test_subject_is_what_sns_takes(series: str) -> None:
    subject = notice_subject(replace(NOTICE, incident=replace(INCIDENT, series=series)))

    assert 0 < len(subject) <= 100
    assert subject.isascii()
    assert subject.isprintable()
    assert subject.startswith("[joined] ")


def test_json_is_for_machines() -> None:
    plain = json.loads(notice_json(NOTICE))

    assert plain["key"] == "clickstream@2020-07-15T17:30:00Z/joined/deepar"
    assert plain["notice"] == "joined"
    assert plain["incident"]["columns"][0]["expected"] == [21, 34, 48]
    assert plain["incident"]["duration_minutes"] == 10
    assert plain["incident"]["opened"] == "2020-07-15T17:31:00Z"
    assert plain["reason"].startswith("CLICKS 0")
