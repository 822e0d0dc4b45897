"""DeepAR's network, looked at in its own environment: densities, holes in the data, training, saving, forecasting."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
PYTHON = ROOT / ".venv-deepar" / "bin" / "python"

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(not PYTHON.exists(), reason="DeepAR's environment is missing: make .venv-deepar/.done"),
]


@pytest.fixture(scope="module")
def facts() -> dict[str, Any]:
    probe = Path(__file__).with_name("deepar_probe.py")
    variables = {**os.environ, "PYTHONPATH": str(ROOT), "JAX_PLATFORMS": "cpu"}
    done = subprocess.run([PYTHON, probe], env=variables, capture_output=True, text=True, check=True)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize("name", ["beta", "deterministic-L1", "gaussian", "negative-binomial", "student-T"])
def test_densities_are_scipy_s(facts: dict[str, Any], name: str) -> None:
    assert facts["densities"][name] < 1e-5


@pytest.mark.parametrize("name", ["beta", "negative-binomial"])
def test_draws_lie_around_the_centre(facts: dict[str, Any], name: str) -> None:
    assert facts["draws"][name] < 4  # standard errors


def test_holes_in_the_data_leave_loss_and_gradient_finite(facts: dict[str, Any]) -> None:
    assert facts["missing_values"] == {"holed": True, "empty_context": True}


def test_training_lowers_the_loss_and_teaches_to_forecast(facts: dict[str, Any]) -> None:
    found = facts["trained"]
    assert found["last_loss"] < found["first_loss"] - 1
    assert found["quantile_loss"] < 0.2 < 0.35 < found["untrained_quantile_loss"]
    assert found["coverage"] > 0.85


def test_equal_seeds_give_equal_models_and_paths(facts: dict[str, Any]) -> None:
    assert facts["trained"]["twin_is_equal"]
    assert facts["trained"]["loaded_draws_equal_paths"]
    assert facts["trained"]["another_seed_differs"]


def test_forecasts(facts: dict[str, Any]) -> None:
    found = facts["trained"]
    assert found["shape"] == [100, 24]
    assert found["counts_are_whole"]
    assert found["older_history_changes_nothing"]
    assert found["short_history_is_forecast"]
    assert found["empty_history_is_forecast"]


def test_every_other_likelihood_trains_and_forecasts(facts: dict[str, Any]) -> None:
    assert facts["other_likelihoods"] == {
        "beta": True, "deterministic-L1": True, "gaussian": True, "student-T": True,
    }  # fmt: skip
