"""What solvers refuse, and why: typed, and naming the field."""

from __future__ import annotations


class SolverError(Exception):
    """Anything a solver refuses; its text is one sentence for the caller."""


class InvalidProblemError(SolverError):
    """A problem that breaks its own rules.

    Parameters
    ----------
    field
        Path of the offending value, as `stops[4].window` or `travel_s`.
    message
        What is wrong with it, without the path.
    """

    def __init__(self, field: str, message: str) -> None:
        super().__init__(field, message)
        self.field = field
        self.message = message

    def __str__(self) -> str:
        return f"{self.field}: {self.message}"


class InputFileError(SolverError):
    """A file that cannot be read as a problem.

    Parameters
    ----------
    path
        The file, as the caller named it.
    message
        What is wrong.
    line
        1-based line of the fault, where one line can be blamed.
    field
        Section, column or key of the fault, where known.
    """

    def __init__(
        self, path: str, message: str, *, line: int | None = None, field: str | None = None
    ) -> None:
        super().__init__(path, message)
        self.path = path
        self.message = message
        self.line = line
        self.field = field

    def __str__(self) -> str:
        where = self.path if self.line is None else f"{self.path}:{self.line}"
        return (
            f"{where}: {self.field}: {self.message}" if self.field else f"{where}: {self.message}"
        )

    def __reduce__(self) -> tuple[object, ...]:
        return _input_file_error, (self.path, self.message, self.line, self.field)


class UnsupportedError(SolverError):
    """A problem with a feature that the chosen engine cannot serve."""

    def __init__(self, engine: str, feature: str) -> None:
        super().__init__(engine, feature)
        self.engine = engine
        self.feature = feature

    def __str__(self) -> str:
        return f"engine {self.engine} does not serve {self.feature}"


def _input_file_error(
    path: str, message: str, line: int | None, field: str | None
) -> InputFileError:
    return InputFileError(path, message, line=line, field=field)
