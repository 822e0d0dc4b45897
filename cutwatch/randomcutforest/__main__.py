"""`python -m cutwatch.randomcutforest train FOLDER` and `... serve MODEL_FOLDER`."""

import sys

from cutwatch.containers import run
from cutwatch.randomcutforest.program import RandomCutForestProgram

if __name__ == "__main__":
    sys.exit(run(RandomCutForestProgram()))
