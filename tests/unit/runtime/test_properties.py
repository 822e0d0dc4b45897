"""The application's properties: typed when right, one clear sentence when wrong."""

from __future__ import annotations

import json

import pytest

from cutwatch.errors import OperatorError
from cutwatch.runtime.properties import GROUP, parse_properties

STREAM = "arn:aws:kinesis:us-east-1:123456789012:stream/"
GIVEN = {
    "sql.file": "clickstream.sql",
    "application.file": "application.json",
    "clicks.stream.arn": f"{STREAM}clicks",
    "scores.stream.arn": f"{STREAM}scores",
    "windows.stream.arn": f"{STREAM}windows",
    "errors.stream.arn": f"{STREAM}errors",
    "region": "us-east-1",
    "seed": "7",
    "allowed.lateness.seconds": "60",
    "detector": "kinesis_rcf",
    "series": "shop",
    "window.seconds": "60",
    "state.bucket": "cutwatch-dev-streams-bucket",
    "state.prefix": "application-state",
}


def text(**changes: str | None) -> str:
    values = GIVEN | {key.replace("__", "."): value for key, value in changes.items()}
    group = {
        "PropertyGroupId": GROUP,
        "PropertyMap": {key: value for key, value in values.items() if value is not None},
    }
    other = {"PropertyGroupId": "kinesis.analytics.flink.run.options", "PropertyMap": {"python": "main.py"}}
    return json.dumps([other, group])


def test_all_keys_are_read() -> None:
    properties = parse_properties(text(engine="embedded", checkpoint__interval__seconds="2.5"))
    assert properties.sql_file == "clickstream.sql"
    assert properties.windows_stream_arn == f"{STREAM}windows"
    assert (properties.seed, properties.allowed_lateness_seconds, properties.window_seconds) == (7, 60.0, 60)
    assert (properties.series, properties.detector, properties.engine) == ("shop", "kinesis_rcf", "embedded")
    assert properties.checkpoint_interval_seconds == 2.5
    assert properties.state_prefix == "application-state/", "a prefix is a folder"


def test_what_is_left_out_has_its_default() -> None:
    properties = parse_properties(
        text(windows__stream__arn=None, seed=None, detector=None, series=None, window__seconds=None, state__prefix=None)
    )
    assert properties.windows_stream_arn is None
    assert (properties.seed, properties.detector, properties.series) == (0, "kinesis_rcf", "clickstream")
    assert (properties.window_seconds, properties.state_prefix, properties.engine) == (60, "", "flink")


def test_whoever_starts_it_may_name_the_engine() -> None:
    assert parse_properties(text(engine="flink"), engine="embedded").engine == "embedded"


def test_the_largest_seed_fits() -> None:
    assert parse_properties(text(seed=str(2**63 - 1))).seed == 2**63 - 1


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("seed", "-1", "seed is '-1'; allowed: a whole number from 0 to"),
        ("seed", "1.5", "seed is '1.5'; allowed: a whole number"),
        ("seed", str(2**63), "seed is"),
        ("allowed.lateness.seconds", "soon", "allowed.lateness.seconds is 'soon'; allowed: a number from 0 to 86400"),
        ("allowed.lateness.seconds", "nan", "allowed.lateness.seconds is 'nan'"),
        ("allowed.lateness.seconds", "inf", "allowed.lateness.seconds is 'inf'"),
        ("clicks.stream.arn", "clicks", "clicks.stream.arn is 'clicks'; allowed: a stream's ARN"),
        ("windows.stream.arn", "", "windows.stream.arn is ''"),
        ("detector", "rcf", "detector is 'rcf'; allowed: kinesis_rcf, sagemaker_rcf, deepar"),
        ("engine", "spark", "engine is 'spark'; allowed: embedded, flink"),
        ("state.bucket", "No_Bucket", "state.bucket is 'No_Bucket'; allowed: a bucket's name"),
        ("region", "Virginia", "region is 'Virginia'"),
        ("sql.file", "../secret.sql", "sql.file is '../secret.sql'"),
        ("sql.file", "/etc/passwd", "sql.file is '/etc/passwd'"),
        ("window.seconds", "0", "window.seconds is '0'; allowed: a whole number from 1 to 86400"),
        ("seeds", "1", "seeds is '1'; allowed: no such key, but"),
    ],
)
def test_a_wrong_value_is_one_sentence_with_key_value_and_what_is_allowed(key: str, value: str, said: str) -> None:
    with pytest.raises(OperatorError) as refused:
        parse_properties(text(**{key.replace(".", "__"): value}))
    assert f"property group {GROUP}: {said}" in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_missing_key_is_named() -> None:
    with pytest.raises(OperatorError, match=r"scores\.stream\.arn is missing"):
        parse_properties(text(scores__stream__arn=None))


@pytest.mark.parametrize(
    ("file", "said"),
    [
        ("nonsense", "not JSON"),
        ("{}", "not a list"),
        ("[]", "have 0 groups cutwatch.application"),
        (json.dumps([{"PropertyGroupId": GROUP, "PropertyMap": {}}] * 2), "have 2 groups"),
        (json.dumps([{"PropertyGroupId": GROUP}]), "PropertyMap must be an object of texts"),
        (
            json.dumps([{"PropertyGroupId": GROUP, "PropertyMap": {"seed": 1}}]),
            "PropertyMap must be an object of texts",
        ),
    ],
)
def test_a_file_of_another_shape_is_refused(file: str, said: str) -> None:
    with pytest.raises(OperatorError, match=said):
        parse_properties(file)
