"""The local cloud: AWS on 127.0.0.1 with no account and no Docker, and the analytics application really running.

`LocalCloud` starts it from Python; `python -m cutwatch.localcloud` starts it for a person. The cloud is MiniStack in a
process and an environment of its own (`.venv-localcloud`), with plug-ins for what it lacks.
"""

from cutwatch.localcloud.environment import ACCOUNT, REGION, cloud_environment
from cutwatch.localcloud.server import LocalCloud

__all__ = ["ACCOUNT", "REGION", "LocalCloud", "cloud_environment"]
