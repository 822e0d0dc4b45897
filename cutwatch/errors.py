"""The one family of errors, split by who has to act.

`CutwatchError` is the root: the command line prints its message as one sentence and exits with `exit_code`; anything
else that escapes is a fault of ours and shows its traceback.
"""

from __future__ import annotations


class CutwatchError(Exception):
    """Root of every error that Cutwatch raises on purpose. Its text says what, where, and what is allowed."""

    exit_code = 1


class OperatorError(CutwatchError):
    """Raised when whoever deploys or runs Cutwatch must act: a setting, an account, a file or a port."""

    exit_code = 4


class DataError(CutwatchError):
    """Raised when whoever produces the data must act: a record, a row, a label or a file's contents."""

    exit_code = 3


class DeveloperError(CutwatchError):
    """Raised when whoever writes SQL or calls our Python must act: a statement, a schema or an argument."""

    exit_code = 2
