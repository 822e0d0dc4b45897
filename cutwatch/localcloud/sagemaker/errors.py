"""Errors of the API: a code and a message, as AWS sends them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cutwatch.errors import CutwatchError


class ApiError(CutwatchError):
    """Raised when a request is refused; whoever sent it must act.

    Args:
        code: the error's name in AWS's API, such as `ValidationException`.
        message: AWS's text, or one in its style.
        status: of HTTP.
        members: more members of the error's answer.
    """

    def __init__(self, code: str, message: str, status: int = 400, members: Mapping[str, Any] | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.status = status
        self.members = dict(members or {})


def invalid(message: str) -> ApiError:
    """The request cannot be carried out as it stands."""
    return ApiError("ValidationException", message)


def not_found(kind: str, arn: str) -> ApiError:
    """What is named does not exist; SageMaker has no code of its own for it."""
    return invalid(f'Could not find {kind} "{arn}".')


def exists_already(kind: str, arn: str) -> ApiError:
    """The name is taken."""
    return invalid(f'Cannot create already existing {kind} "{arn}".')
