"""An algorithm's program: `train FOLDER` and `serve MODEL_FOLDER`, as a SageMaker image is started."""

from __future__ import annotations

import argparse
import logging
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

from cutwatch.containers.server import Request, Response, announcement, make_server
from cutwatch.containers.training_folder import TrainingFolder
from cutwatch.errors import CutwatchError

CLIENT_ERROR_CODE = 2
ALGORITHM_ERROR_CODE = 1

Answerer = Callable[[Request], Response]

logger = logging.getLogger("cutwatch.containers")


class Program(Protocol):
    """What an algorithm brings."""

    def train(self, folder: TrainingFolder) -> None:
        """Train from the folder's input and leave the model in it; a CutwatchError says that the input is at fault."""

    def load(self, model: Path) -> Answerer:
        """Load what `train` left; raise a CutwatchError where it is no model."""


def run(program: Program, argv: Sequence[str] | None = None) -> int:
    """Train or serve. Returns the exit code: 0 fine, 2 the input is at fault, 1 the algorithm is.

    Failures carry the service's prefix, `ClientError` or `AlgorithmError`; of the second kind only a name is told,
    and the log has the rest.
    """
    parser = argparse.ArgumentParser()
    parser.add_argument("verb", choices=("train", "serve"))
    parser.add_argument("folder", type=Path, help="train: the job's folder; serve: the unpacked model")
    args = parser.parse_args(argv)
    logging.basicConfig(stream=sys.stdout, level=logging.INFO, format="[%(asctime)s %(levelname)s] %(message)s")
    try:
        if args.verb == "train":
            program.train(TrainingFolder(args.folder))
        else:
            _serve(program, args.folder)
    except CutwatchError as error:
        return _failed(args, f"ClientError: {error}", CLIENT_ERROR_CODE)
    except Exception as error:
        logger.exception("the algorithm failed")
        return _failed(args, f"AlgorithmError: {type(error).__name__}: {error}", ALGORITHM_ERROR_CODE)
    return 0


def _serve(program: Program, model: Path) -> None:
    server = make_server(program.load(model))
    sys.stdout.write(announcement(server.server_port) + "\n")
    sys.stdout.flush()
    server.serve_forever()


def _failed(args: argparse.Namespace, reason: str, code: int) -> int:
    logger.error("%s", reason)
    if args.verb == "train":
        TrainingFolder(args.folder).fail(reason)
    return code
