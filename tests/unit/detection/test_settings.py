"""Settings are parsed strictly, survive JSON, and can differ by series."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from cutwatch.detection.quiet_times import in_maintenance, is_quiet
from cutwatch.detection.settings import DetectionSettings, DetectorSettings
from cutwatch.errors import OperatorError


def test_nothing_said_is_the_defaults() -> None:
    settings = DetectionSettings.from_json("{}")

    assert settings == DetectionSettings()
    assert settings.row_detector == "kinesis_rcf"
    assert DetectionSettings.from_json(settings.to_json()) == settings


def test_all_kinds_of_settings_survive_json() -> None:
    text = """{
      "detectors": {"kinesis_rcf": {"enabled": false}, "deepar": {"threshold": "fixed", "value": 1.5, "k": 1, "n": 1,
                    "severity": {"high": 2, "critical": 3}}},
      "count_column": "ORDERS", "distinct_column": null, "faults": ["gone"], "false_incidents_per_day": 0.1,
      "time_zone": "Europe/Paris", "quiet_hours": ["22:00-06:00"], "maintenance": ["2026-01-31T20:00/2026-01-31T23:00"],
      "series": {"checkout": {"quiet_windows": 8, "detectors": {"deepar": {"k": 1}}}}
    }"""

    settings = DetectionSettings.from_json(text)

    assert DetectionSettings.from_json(settings.to_json()) == settings
    assert settings.row_detector == "sagemaker_rcf"


def test_a_series_differs_only_where_it_says_so() -> None:
    settings = DetectionSettings.from_json(
        '{"quiet_windows": 3, "series": {"a": {"detectors": {"kinesis_rcf": {"value": 4, "threshold": "sigma"}}}}}'
    )

    assert settings.for_series("a").detector("kinesis_rcf") == DetectorSettings(threshold="sigma", value=4)
    assert settings.for_series("a").quiet_windows == 3
    assert settings.for_series("b") is settings


def test_training_fills_in_calibrated_thresholds_alone() -> None:
    settings = DetectionSettings(
        detectors={"sagemaker_rcf": DetectorSettings(threshold="calibrated"), "deepar": DetectorSettings()}
    )

    filled = settings.with_thresholds({"sagemaker_rcf": 2.7, "deepar": 9.0})

    assert filled.detectors["sagemaker_rcf"].value == 2.7
    assert filled.detectors["deepar"].value is None


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("{", "the detection settings are not JSON"),
        ("[]", "detection settings: the whole is []; allowed: an object with detectors"),
        ('{"quiet": 1}', "detection settings: quiet is 1; allowed: no such key, but detectors"),
        ('{"quiet_windows": 0}', "detection settings: quiet_windows is 0; allowed: at least 1 and at most 1000"),
        ('{"quiet_windows": true}', "detection settings: quiet_windows is true; allowed: a whole number"),
        ('{"false_incidents_per_day": 0}', "detection settings: false_incidents_per_day is 0"),
        ('{"faults": ["fire"]}', 'detection settings: faults[0] is "fire"; allowed: gone, merged'),
        ('{"detectors": {"oracle": {}}}', 'detection settings: detectors is "oracle"; allowed: kinesis_rcf'),
        (
            '{"detectors": {"deepar": {"threshold": "x"}}}',
            'detectors.deepar.threshold is "x"; allowed: evidence, sigma',
        ),
        ('{"detectors": {"deepar": {"k": 4}}}', "detectors.deepar.k is 4; allowed: at most n, which is 3"),
        ('{"detectors": {"deepar": {"threshold": "fixed"}}}', "detectors.deepar.value is null; allowed: a score"),
        ('{"time_zone": "Mars"}', 'time_zone is "Mars"; allowed: an IANA time zone'),
        ('{"quiet_hours": ["9-5"]}', 'quiet_hours is "9-5"; allowed: such as 22:00-06:00'),
        ('{"quiet_hours": ["09:00-09:00"]}', "allowed: a stretch that starts and ends at different times"),
        ('{"quiet_hours": ["Someday 09:00-10:00"]}', "allowed: such as 22:00-06:00 or Sat,Sun 00:00-24:00"),
        ('{"maintenance": ["2026-01-02/2026-01-01"]}', "allowed: such as 2026-01-31T20:00/"),
        ('{"series": {"a": {"k": 1}}}', "detection settings of series a: k is 1; allowed: no such key"),
    ],
)
def test_bad_settings_stop_with_one_sentence(text: str, says: str) -> None:
    with pytest.raises(OperatorError) as refused:
        DetectionSettings.from_json(text)

    assert says in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("moment", "quiet"),
    [
        ("2026-01-05T20:59:00", False),  # Monday, 21:59 in Paris
        ("2026-01-05T21:00:00", True),
        ("2026-01-06T04:59:00", True),
        ("2026-01-06T05:00:00", False),
        ("2026-07-06T20:00:00", True),  # summer time: 22:00 in Paris
        ("2026-01-10T11:00:00", True),  # Saturday noon
        ("2026-01-09T11:00:00", False),
    ],
)
def test_quiet_hours_are_local(moment: str, quiet: bool) -> None:
    settings = DetectionSettings(time_zone="Europe/Paris", quiet_hours=("22:00-06:00", "Sat,Sun 00:00-24:00"))
    at = datetime.fromisoformat(moment).replace(tzinfo=UTC)

    assert is_quiet(settings.quiet_times, at, settings.time_zone) is quiet


def test_a_stretch_over_midnight_belongs_to_the_day_it_starts_on() -> None:
    settings = DetectionSettings(quiet_hours=("Fri 22:00-06:00",))

    assert is_quiet(settings.quiet_times, datetime(2026, 1, 10, 5, 0, tzinfo=UTC), "UTC")  # Saturday morning
    assert not is_quiet(settings.quiet_times, datetime(2026, 1, 9, 5, 0, tzinfo=UTC), "UTC")  # Friday morning


def test_maintenance_covers_every_window_it_touches() -> None:
    settings = DetectionSettings(maintenance=("2026-01-31T20:05/2026-01-31T20:10",))

    def covered(minute: int, seconds: int) -> bool:
        return in_maintenance(settings.maintenance_intervals, datetime(2026, 1, 31, 20, minute, tzinfo=UTC), seconds)

    assert covered(0, 600)
    assert covered(9, 60)
    assert not covered(10, 60)
    assert not covered(4, 60)
