"""`python -m cutwatch.localcloud`: the local cloud for a person, until Ctrl-C."""

from __future__ import annotations

import argparse
import signal
import sys
from pathlib import Path

from cutwatch.errors import CutwatchError
from cutwatch.localcloud import ACCOUNT, REGION, LocalCloud


def main() -> int:
    """Start the cloud, print the variables that point tools at it, and wait for Ctrl-C."""
    parser = argparse.ArgumentParser(prog="python -m cutwatch.localcloud", description=__doc__)
    parser.add_argument("--port", type=int, default=4566, help="port on 127.0.0.1 (default %(default)s)")
    parser.add_argument("--log", type=Path, default=Path("out/localcloud.log"), help="log file (default %(default)s)")
    args = parser.parse_args()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        with LocalCloud(port=args.port, log_file=args.log) as cloud:
            environment = cloud.environment()
            for name in sorted(environment):
                if name.startswith(("AWS_", "CDK_")):
                    sys.stdout.write(f"export {name}={environment[name]}\n")
            sys.stdout.flush()
            sys.stderr.write(f"account {ACCOUNT} in {REGION} at {cloud.endpoint_url}, log {args.log}; Ctrl-C ends it\n")
            signal.pause()
    except CutwatchError as error:
        sys.stderr.write(f"cutwatch.localcloud: {error}\n")
        return error.exit_code
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
