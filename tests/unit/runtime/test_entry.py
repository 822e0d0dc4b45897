"""The entry point: what is wrong is one line and an exit code, before anything is started."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from pathlib import Path

import pytest

from cutwatch.errors import OperatorError
from cutwatch.runtime import entry
from cutwatch.runtime.logs import JobLog
from tests.unit.runtime.test_properties import text

ROOT = Path(__file__).parents[3]


def environment(tmp_path: Path, properties: str, **variables: str) -> dict[str, str]:
    path = tmp_path / "application_properties.json"
    path.write_text(properties)
    return {entry.PROPERTIES_VARIABLE: str(path), **variables}


def run(folder: Path, variables: dict[str, str]) -> tuple[int, list[dict[str, object]]]:
    lines = io.StringIO()
    code = entry.main(folder, variables, JobLog(lines))
    return code, [json.loads(line) for line in lines.getvalue().splitlines()]


def test_wrong_properties_are_one_line_and_exit_code_4(tmp_path: Path) -> None:
    code, events = run(tmp_path, environment(tmp_path, text(seed="x")))
    assert code == 4
    assert [event["event"] for event in events] == ["job_failed"]
    assert "seed is 'x'" in str(events[0]["reason"])


def test_missing_properties_are_said_so(tmp_path: Path) -> None:
    code, events = run(tmp_path, {entry.PROPERTIES_VARIABLE: str(tmp_path / "none.json")})
    assert (code, "none.json cannot be read" in str(events[0]["reason"])) == (4, True)


def test_an_unknown_way_to_restore_is_refused(tmp_path: Path) -> None:
    variables = environment(tmp_path, text(engine="embedded"), CUTWATCH_RESTORE="yesterday")
    code, events = run(tmp_path, variables)
    assert (code, events[0]["reason"]) == (4, "CUTWATCH_RESTORE is 'yesterday'; allowed: latest, none")


def test_sql_that_is_refused_says_where(tmp_path: Path) -> None:
    (tmp_path / "kda_sql").mkdir()
    for name in ("application.json",):
        (tmp_path / "kda_sql" / name).write_bytes((ROOT / "kda_sql" / name).read_bytes())
    (tmp_path / "kda_sql" / "clickstream.sql").write_text("SELECT 1")
    code, events = run(tmp_path, environment(tmp_path, text(), CUTWATCH_ENGINE="embedded"))
    assert code == 2
    assert str(events[-1]["reason"]).startswith("clickstream.sql:1:1: ")


def test_both_engines_run_on_the_local_cloud(tmp_path: Path) -> None:
    for engine in ("embedded", "flink"):
        assert entry.read_properties(environment(tmp_path, text(engine=engine))).engine == engine


def test_managed_flink_runs_the_distributed_engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    managed = tmp_path / "application_properties.json"
    managed.write_text(text())
    monkeypatch.setattr(entry, "MANAGED_PROPERTIES", managed)
    assert entry.read_properties({}).engine == "flink"


def test_the_embedded_engine_refuses_managed_flink(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """There the properties are where the service lays them, and nobody names a file."""
    managed = tmp_path / "application_properties.json"
    managed.write_text(text(engine="embedded"))
    monkeypatch.setattr(entry, "MANAGED_PROPERTIES", managed)
    with pytest.raises(OperatorError, match="engine embedded does not run on Managed Flink"):
        entry.read_properties({})


def test_the_refusal_needs_nothing_but_the_standard_library(tmp_path: Path) -> None:
    """A package built without --flink has no packages for Managed Flink: the reason must come through all the same."""
    variables = environment(tmp_path, text()) | {"PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-S", "-P", str(ROOT / "flink" / "main.py")]
    done = subprocess.run(command, env=variables, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 4
    reason = "the package lacks boto3: build it with `make package ENGINE=flink`"
    assert json.loads(done.stdout)["reason"] == reason
    assert done.stderr == ""
