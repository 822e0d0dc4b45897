"""Settings: every bad value stops synth with one sentence; every good one arrives."""

from __future__ import annotations

import pytest

from cutwatch.detection.settings import DetectionSettings
from cutwatch.errors import OperatorError
from stacks.settings import Settings, read_settings
from stacks.settings.context import setting_names


def test_without_context_everything_has_its_default() -> None:
    assert read_settings({}) == Settings()


def test_cdks_own_context_is_none_of_our_business() -> None:
    context = {"aws:cdk:enable-path-metadata": True, "@aws-cdk/core:defaultCrossStackReferences": "strong"}
    assert read_settings(context) == Settings()


def test_a_dotted_override_wins_over_the_tree() -> None:
    context = {"cutwatch": {"stage": "prod", "streams": {"clicks": {"shards": 2}}}, "streams.clicks.shards": "4"}
    settings = read_settings(context)
    assert settings.stage == "prod"
    assert settings.streams.clicks.shards == 4


@pytest.mark.parametrize(
    ("context", "sentence"),
    [
        ({"alarms.sigm": "4"}, "setting alarms.sigm='4': there is no such setting; did you mean alarms.sigma?"),
        ({"stagge": "x"}, "did you mean stage?"),
        ({"stage": "Prod"}, "setting stage='Prod': string should match pattern"),
        (
            {"streams.clicks.shards": "0"},
            "setting streams.clicks.shards='0': input should be greater than or equal to 1",
        ),
        ({"windows.row_seconds": "100"}, "windows.row_seconds=100 must be a multiple of windows.score_seconds=60"),
        ({"alarms.emails": "nobody"}, "setting alarms.emails.0='nobody': string should match pattern"),
        ({"alarms.detectors.kinesis_rcf.k": "9"}, "detectors.kinesis_rcf.k is 9; allowed: at most n, which is 3"),
        (
            {"alarms.detectors.kinesis_rcf.threshold": "fixed"},
            "value is null; allowed: a score, because threshold is fixed",
        ),
        ({"alarms.quiet_hours": "25-3"}, 'quiet_hours is "25-3"; allowed: such as 22:00-06:00'),
        ({"alarms.time_zone": "Mars/Base"}, "allowed: an IANA time zone"),
        ({"alarms.sigma": "4", "alarms.threshold": "fixed"}, "alarms.threshold=fixed does not go with it"),
        ({"alarms.series": '{"shop": {"k_of_n": 1}}'}, "k_of_n"),
        ({"alarms.subscriptions": '[{"protocol": "sqs", "endpoint": "x"}]'}, "must start with arn:"),
        ({"alarms.subscriptions": "[{"}, "not valid JSON"),
        ({"cutwatch": {"streams": 3}}, "setting streams=3: input should be a valid dictionary"),
        ({"cutwatch": 3}, "setting cutwatch=3: must be an object of settings"),
        ({"cutwatch": {"stage": "dev"}, "stage.name": "x"}, "stage is a single value, not a group of settings"),
        (
            {"analytics.parallelism_per_kpu": "2"},
            "analytics.parallelism_per_kpu=2 must not exceed analytics.parallelism=1",
        ),
    ],
)
def test_a_bad_setting_is_one_sentence(context: dict[str, object], sentence: str) -> None:
    with pytest.raises(OperatorError) as caught:
        read_settings(context)
    message = str(caught.value)
    assert sentence in message
    assert "\n" not in message


def test_sigma_is_short_for_the_articles_rule() -> None:
    detection = read_settings({"alarms.sigma": "4"}).alarms.to_detection()
    for detector in detection.detectors.values():
        assert detector.threshold == "sigma"
        assert detector.value == 4


def test_a_detectors_own_threshold_wins() -> None:
    context = {"alarms.sigma": "4", "alarms.detectors.deepar.threshold": "evidence", "alarms.detectors.deepar.k": "3"}
    detection = read_settings(context).alarms.to_detection()
    assert detection.detectors["deepar"].threshold == "evidence"
    assert detection.detectors["deepar"].k == 3
    assert detection.detectors["kinesis_rcf"].threshold == "sigma"


def test_the_defaults_are_the_judgements_own() -> None:
    assert Settings().alarms.to_detection() == DetectionSettings()


def test_columns_can_be_left_out() -> None:
    detection = read_settings({"cutwatch": {"alarms": {"columns": {"count": "N", "distinct": None, "kinds": None}}}})
    assert detection.alarms.to_detection().count_column == "N"
    assert detection.alarms.to_detection().distinct_column is None


def test_every_setting_is_described() -> None:
    names = list(setting_names())
    assert "streams.clicks.shards" in names
    for name in names:
        model: type = Settings
        *groups, last = name.split(".")
        for group in groups:
            model = model.model_fields[group].annotation  # type: ignore[attr-defined]
        assert model.model_fields[last].description, name  # type: ignore[attr-defined]
