"""What a SageMaker algorithm's container agrees with the platform: folders for training, HTTP for serving.

Our stand-ins for SageMaker's built-in algorithms are programs that keep to this agreement, so the local cloud runs
them as the service runs containers: a process with a folder, which fails by writing why into a file.
Standard library only.
"""

from cutwatch.containers.media import MediaType, parse_media_type
from cutwatch.containers.program import Answerer, Program, run
from cutwatch.containers.server import Request, RequestError, Response
from cutwatch.containers.training_folder import Channel, TrainingFolder

__all__ = [
    "Answerer",
    "Channel",
    "MediaType",
    "Program",
    "Request",
    "RequestError",
    "Response",
    "TrainingFolder",
    "parse_media_type",
    "run",
]
