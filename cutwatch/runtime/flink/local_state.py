"""What a local Flink keeps between its runs: checkpoints, savepoints and the feeder's folders. On AWS the service does.

STATE/identity      what the saved state is bound to
STATE/feed-N/       the feeder's folders; N goes up when a state is put aside
STATE/saved-N/      checkpoints and savepoints
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

from cutwatch.runtime.flink.feeder import Place


class LocalState:
    """The state of one application.

    Args:
        folder: where; made when it is not there.
        identity: of the program, as it is now.
        restore: whether what is there may be used.
    """

    def __init__(self, folder: Path, identity: str, *, restore: bool) -> None:
        if not restore:
            shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        path = folder / "identity.json"
        fresh: dict[str, Any] = {"identity": identity, "number": 0}
        known = json.loads(path.read_text()) if path.exists() else fresh
        self.discarded = known["identity"] != identity
        self._number: int = known["number"] + self.discarded
        if self.discarded:
            self._move_on(known["number"])
        path.write_text(json.dumps({"identity": identity, "number": self._number}))

    def _move_on(self, before: int) -> None:
        """Keep the place in the stream alone."""
        place = Place.load(self._folder / f"feed-{before}" / "place.json")
        self.feed.mkdir(parents=True, exist_ok=True)
        Place(positions=place.positions, done=place.done).save(self.feed / "place.json")

    @property
    def feed(self) -> Path:
        """The feeder's folder."""
        return self._folder / f"feed-{self._number}"

    @property
    def saved(self) -> Path:
        """Where checkpoints and savepoints go."""
        path = self._folder / f"saved-{self._number}"
        path.mkdir(parents=True, exist_ok=True)
        return path

    @property
    def logs(self) -> Path:
        """Where Flink's own log goes."""
        path = self._folder / "log"
        path.mkdir(parents=True, exist_ok=True)
        return path

    def newest(self) -> Path | None:
        """The newest complete checkpoint or savepoint."""
        found = sorted(self.saved.rglob("_metadata"), key=lambda path: path.stat().st_mtime_ns)
        return found[-1].parent if found else None
