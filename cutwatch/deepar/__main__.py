"""`python -m cutwatch.deepar train FOLDER` and `... serve MODEL_FOLDER`."""

import logging
import os
import sys

os.environ.setdefault("JAX_PLATFORMS", "cpu")  # before JAX is imported: it looks for accelerators then

import jax

from cutwatch.containers import run
from cutwatch.deepar.program import DeepAr

if __name__ == "__main__":
    logging.getLogger("jax").setLevel(logging.WARNING)
    if folder := os.environ.get("CUTWATCH_COMPILATION_CACHE"):
        jax.config.update("jax_compilation_cache_dir", folder)
        jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.0)
    sys.exit(run(DeepAr()))
