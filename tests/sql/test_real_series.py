"""The example on real series: SQL gives the scores that the real service gave, up to the randomness of forests."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import numpy as np
import pytest

from examples import real_series

needs_oracles = pytest.mark.skipif(
    not real_series.ORACLES.is_dir(), reason=f"reference data kinesis_rcf is not at {real_series.ORACLES.name}"
)


@needs_oracles
def test_the_service_looks_like_another_seed(capsys: pytest.CaptureFixture[str]) -> None:
    assert real_series.main(["--json"]) == 0
    found = json.loads(capsys.readouterr().out)["series"]
    assert [one["series"] + ".csv.gz" for one in found] == list(real_series.SERIES)
    for one in found:
        assert one["rows"] > 4_000
        assert one["service_mae"] < 1.5 * one["own_mae"]
        assert one["spearman"] > 0.9


@needs_oracles
def test_the_learning_phase_is_the_services() -> None:
    path = real_series.ORACLES / real_series.SERIES[0]
    ours, service = real_series.sql_scores(path, seed=1), real_series.service_scores(path)
    assert len(ours) == len(service)
    assert (ours[:256] == 0).all()
    assert (service[:256] == 0).all()
    assert (ours[256:] > 0).all()


def test_ranks_of_ties_are_their_mean() -> None:
    assert real_series.ranks(np.array([3.0, 1.0, 3.0, 2.0, 3.0])).tolist() == [3.0, 0.0, 3.0, 1.0, 3.0]


def test_a_series_of_ones_own(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "mine.csv"
    rows = [f"2020-07-07 {n // 60:02}:{n % 60:02}:00,{n * n % 31},{0.0 if n < 256 else n % 7 / 10}" for n in range(300)]
    path.write_text("timestamp,value,score\n" + "\n".join(rows) + "\n")
    packed = tmp_path / "mine.csv.gz"
    packed.write_bytes(gzip.compress(path.read_bytes()))
    assert real_series.main([str(packed), "--seeds", "2"]) == 0
    line = capsys.readouterr().out.splitlines()[1].split()
    assert line[:2] == ["mine", "300"]
    assert float(line[2]) > 0
