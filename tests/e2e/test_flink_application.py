"""The packaged application on a local Flink in the local cloud: the promises of the embedded engine, kept there too.

The tests are those of test_local_application, run once more with the other engine.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from cutwatch.localcloud import LocalCloud
from tests.e2e import test_local_application as embedded
from tests.e2e.test_local_application import Site, minutes, site, wait_for, windows
from tests.sql.flink_environment import needs_flink

pytestmark = [
    pytest.mark.e2e,
    needs_flink,
    pytest.mark.skipif(not os.environ.get("CUTWATCH_ALL_FLINK_TESTS"), reason="takes minutes: make test-flink runs it"),
]
__all__ = ["site"]


@pytest.fixture(scope="module")
def cloud() -> Iterator[LocalCloud]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CUTWATCH_ENGINE", "flink")
        with LocalCloud() as running:
            yield running


def test_clicks_become_scores_and_poison_an_error(site: Site) -> None:
    embedded.test_clicks_become_scores_and_poison_an_error(site)
    assert [event["engine"] for event in site.events("job_started")] == ["flink"]


def test_a_crash_repeats_and_loses_nothing(site: Site) -> None:
    embedded.test_a_crash_repeats_and_loses_nothing(site)


def test_several_shards_lose_nothing_on_a_back_fill(site: Site) -> None:
    embedded.test_several_shards_lose_nothing_on_a_back_fill(site)


def test_another_seed_learns_anew_from_where_the_stream_stands(site: Site) -> None:
    embedded.test_another_seed_learns_anew_from_where_the_stream_stands(site)


def test_stop_and_start_go_on_where_it_stood(site: Site) -> None:
    site.create()
    site.run()
    site.put(minutes(0, 30))
    site.drain()
    site.stop()
    assert "savepoint-" in site.events("job_stopped")[-1]["state"]
    site.put(minutes(30, 30, clicks=5))
    site.run()
    site.drain()
    wait_for(lambda: len(site.rows("scores")) >= 58)
    assert windows(site.rows("scores")) == list(range(58)), "no minute twice, none missing"


def test_wrong_properties_are_refused_in_one_line(site: Site) -> None:
    site.create(properties={"sql.file": "missing.sql"})
    site.start()
    wait_for(lambda: site.events("job_failed"))
    assert "missing.sql cannot be read" in site.events("job_failed")[-1]["reason"]
