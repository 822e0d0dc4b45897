"""Parameters of a SQL text: values in, defaults else, nothing that the text does not know."""

from __future__ import annotations

import pytest

from cutwatch.errors import DeveloperError
from cutwatch.sql.parameters import bind_parameters

TEXT = "STEP(T.ROWTIME BY INTERVAL '${score_seconds:60}' SECOND), ${score_seconds:60}, ${row_seconds:600}"


def test_defaults_hold_where_nothing_is_given() -> None:
    assert bind_parameters(TEXT) == "STEP(T.ROWTIME BY INTERVAL '60' SECOND), 60, 600"


def test_a_value_goes_everywhere_its_parameter_stands() -> None:
    assert bind_parameters(TEXT, {"score_seconds": 120}) == "STEP(T.ROWTIME BY INTERVAL '120' SECOND), 120, 600"


def test_a_value_without_a_parameter_is_refused() -> None:
    with pytest.raises(
        DeveloperError,
        match=r"clicks\.sql has no parameter \$\{seconds\}, so it cannot be 5; it has: row_seconds, score",
    ):
        bind_parameters(TEXT, {"seconds": 5}, file="clicks.sql")


def test_text_without_parameters_stays_as_it_is() -> None:
    assert bind_parameters("SELECT '$1 {x}' -- ${NAME}") == "SELECT '$1 {x}' -- ${NAME}"
