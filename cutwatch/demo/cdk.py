"""The real CDK command line, pinned in package.json, run on the Node beside this Python."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from cutwatch.errors import OperatorError

ROOT = Path(__file__).resolve().parents[2]
CLI = ROOT / "node_modules" / "aws-cdk" / "bin" / "cdk"
TAIL_LINES = 25


class Cdk:
    """Runs CDK commands for one stage.

    Args:
        environment: Whole environment of the child processes: where AWS is, and with which keys.
        folder: Where the synthesised stacks and the log go.
        settings: Dotted settings and their values, as `-c` takes them.
    """

    def __init__(self, environment: Mapping[str, str], *, folder: Path, settings: Mapping[str, str]) -> None:
        self._environment = {**environment, "JSII_NODE": str(_node())}
        self._folder = folder
        self._settings = settings
        self.log_file = folder / "cdk.log"
        self.log_file.unlink(missing_ok=True)

    def bootstrap(self, account: str, region: str) -> None:
        """Prepare the account for CDK."""
        self._run("bootstrap", f"aws://{account}/{region}", "--app", "")

    def deploy(self) -> None:
        """Deploy every stack of the stage; what is synthesised now is what `destroy` removes."""
        context = [word for key, value in self._settings.items() for word in ("-c", f"{key}={value}")]
        app = f"{sys.executable} app.py"
        self._run("deploy", "--all", "--require-approval", "never", "--progress", "events", "--app", app,
                  "--output", str(self._assembly), *context)  # fmt: skip

    def destroy(self) -> None:
        """Remove every stack of the stage."""
        self._run("destroy", "--all", "--force", "--app", str(self._assembly))

    def stack_names(self) -> list[str]:
        """Names of the stage's stacks, as they were synthesised."""
        manifest = json.loads((self._assembly / "manifest.json").read_text())
        return [name for name, part in manifest["artifacts"].items() if part["type"] == "aws:cloudformation:stack"]

    @property
    def _assembly(self) -> Path:
        return self._folder / "cdk.out"

    def _run(self, *arguments: str) -> None:
        if not CLI.exists():
            raise OperatorError(f"the CDK command line is missing ({CLI.relative_to(ROOT)}): run `make install`")
        with self.log_file.open("ab") as log:
            log.write(f"\n$ cdk {' '.join(arguments)}\n".encode())
            log.flush()
            done = subprocess.run([str(_node()), str(CLI), *arguments], check=False, cwd=ROOT, env=self._environment,
                                  stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT)  # fmt: skip
        if done.returncode:
            raise OperatorError(f"cdk {arguments[0]} failed ({self.log_file}):\n{self._tail()}")

    def _tail(self) -> str:
        return "\n".join(self.log_file.read_text(errors="replace").splitlines()[-TAIL_LINES:])


def _node() -> Path:
    return Path(sys.executable).with_name("node")
