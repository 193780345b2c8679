"""A file that keeps the finished stages of a long plan, so that an interrupted one goes on after the last of them."""

from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from threading import Lock
from typing import Annotated, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, JsonValue, StringConstraints, TypeAdapter, ValidationError

from generator.errors import InputError
from generator.model import Catalog, Inputs
from generator.provenance import canonical
from generator.shell import say, write_whole

# Groups of a hundred thousand workloads, three times over, take a few megabytes.
MOST_BYTES = 64 * 2**20
Stage = TypeVar("Stage")


class _Kept(BaseModel):
    """The stages by name, and the digest of all they follow from."""

    model_config = ConfigDict(strict=True, extra="forbid")
    kind: Literal["covey plan stages"] = "covey plan stages"
    of: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
    stages: Annotated[dict[str, JsonValue], Field(max_length=16)]


def resume(path: Path, inputs: Inputs, catalog: Catalog, seed: int, version: str) -> "Resume":
    """Open a file of stages, or begin one; what it keeps of other inputs, seeds or versions is begun anew.

    Parameters
    ----------
    path : Path
    inputs : Inputs
    catalog : Catalog
    seed : int
    version : str
        Of covey: another one may plan otherwise.

    Returns
    -------
    Resume

    Raises
    ------
    InputError
        Something else is in that file, or it is damaged.
    """
    of = sha256(b"\0".join((canonical(inputs), canonical(catalog), str(seed).encode(), version.encode()))).hexdigest()
    begun = _Kept(of=of, stages={})
    if not path.exists():
        return Resume(path, begun)
    try:
        if path.stat().st_size > MOST_BYTES:
            raise InputError(str(path), "is too large to be what --resume keeps.", "Name another file.")
        kept = _Kept.model_validate_json(path.read_bytes())
    except OSError as error:
        raise InputError(str(path), f"cannot be read: {error.strerror}.", "Name another file.") from None
    except ValidationError:
        what = "is not what --resume keeps, or it is damaged; it is left alone."
        raise InputError(str(path), what, "Name another file, or remove it.") from None
    if kept.of != of:
        say(f"{path} is of other inputs, another seed or version: the plan begins anew.")
        return Resume(path, begun)
    say(f"Goes on after what {path} keeps: {'; '.join(sorted(kept.stages)) or 'nothing yet'}.")
    return Resume(path, kept)


class Resume:
    """Stages as they are recalled and kept: the file is written whole after each."""

    def __init__(self, path: Path, kept: _Kept) -> None:
        self._path = path
        self._kept = kept
        self._turn = Lock()

    def __call__(self, name: str, kind: type[Stage], make: Callable[[], Stage], /) -> Stage:
        """Give what the file keeps of a stage, else make and keep it.

        Raises
        ------
        InputError
            What is kept has not the stage's form, or the file can no longer be written.
        """
        plain = TypeAdapter(kind)
        if name in self._kept.stages:
            try:
                return plain.validate_python(self._kept.stages[name], strict=False)
            except ValidationError:
                raise InputError(str(self._path), f"is damaged at {name!r}.", "Remove it.") from None
        made = make()
        with self._turn:
            self._kept.stages[name] = plain.dump_python(made, mode="json")
            write_whole(self._path, self._kept.model_dump_json(indent=1) + "\n")
        return made
