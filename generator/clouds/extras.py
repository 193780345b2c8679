"""What covey needs beyond itself to ask a cloud."""

import contextlib
from collections.abc import Generator

from generator.errors import CoveyError, DeployError


@contextlib.contextmanager
def extras(names: str = "aws,gcp", failure: type[CoveyError] = DeployError) -> Generator[None]:
    """Say what is to be installed where a client that is imported within is not.

    Parameters
    ----------
    names : str
        Of covey's extras, as pip takes them.
    failure : type of CoveyError

    Raises
    ------
    CoveyError
        Of that type: an import failed.
    """
    try:
        yield
    except ImportError as error:
        what = f"{error.name} cannot be imported."
        raise failure("Python packages", what, f"Run `pip install covey[{names}]`.") from None
