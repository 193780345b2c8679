"""What rules are made of: resources as the engine has them, the settings they are held to, findings. Values only."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, Literal, NoReturn

Domain = Literal["approval", "cost", "limits", "naming", "reliability", "residency", "security"]
Severity = Literal["low", "medium", "high", "critical"]

Parameter = int | float | str | list[str]

# The resource that stands for the stack as a whole: what nobody declares has no resource of its own to be held to.
STACK = "pulumi:pulumi:Stack"


class UndecidedError(Exception):
    """A rule came to a value that is known only after the deployment.

    Parameters
    ----------
    path : str
        Where in the resource the value stands, such as ``policy`` or ``values[0]``.
    """

    def __init__(self, path: str) -> None:
        super().__init__(path)
        self.path = path


class Unknown:
    """Stands where a preview has no value yet. Whatever looks at it raises `UndecidedError`, so no rule passes by luck.

    Parameters
    ----------
    path : str
        Where in the resource it stands.
    """

    def __init__(self, path: str) -> None:
        self.path = path

    def _undecided(self, *_: object) -> NoReturn:
        raise UndecidedError(self.path)

    __eq__ = __ne__ = __lt__ = __le__ = __gt__ = __ge__ = _undecided  # pyright: ignore[reportAssignmentType]
    __hash__ = __bool__ = __len__ = __iter__ = __contains__ = __getitem__ = _undecided  # pyright: ignore[reportAssignmentType]
    __str__ = __format__ = __int__ = __float__ = __add__ = __radd__ = _undecided  # pyright: ignore[reportAssignmentType]

    def __repr__(self) -> str:
        """Return what a traceback may show."""
        return f"Unknown({self.path!r})"


@dataclass(frozen=True, slots=True)
class Resource:
    """One resource of a stack.

    Parameters
    ----------
    type, name, urn : str
        Type token, such as ``aws:sagemaker/endpoint:Endpoint``; name in the program; the engine's id.
    props : mapping
        Properties by wire name (camelCase). Rules of scope "resource" see inputs; rules of scope "stack" see inputs
        or outputs, which hold the inputs.
    provider : str
        Name of the provider that the program gave it; empty where it took the engine's default one, or has none.
    protect : bool
        Whether the engine refuses to delete it.
    delete_before_replace : bool
        Whether the program wants a replaced resource gone before its successor stands.
    ignore_changes : sequence of str
        Properties whose changes the program wants ignored.
    depends_on : sequence of str or None
        URNs of the resources it waits for; None where whoever recorded it does not know.
    """

    type: str
    name: str
    urn: str
    props: Mapping[str, Any]
    provider: str = ""
    protect: bool = False
    delete_before_replace: bool = False
    ignore_changes: Sequence[str] = ()
    depends_on: Sequence[str] | None = None

    def get(self, *path: str | int) -> Any:
        """Return the property at a path, None where there is none.

        Raises
        ------
        UndecidedError
            If it, or what it lies in, is known only after the deployment.
        """
        inside: Any = self.props
        for step in path:
            if isinstance(inside, Unknown):
                raise UndecidedError(inside.path)
            if isinstance(inside, Mapping) and isinstance(step, str):
                inside = inside.get(step)
            elif isinstance(inside, Sequence) and isinstance(step, int) and step < len(inside):
                inside = inside[step]
            else:
                return None
        if isinstance(inside, Unknown):
            raise UndecidedError(inside.path)
        return inside

    def has(self, *path: str | int) -> bool:
        """Whether a property is there, be its value known or not."""
        try:
            return self.get(*path) not in (None, "", [], {})
        except UndecidedError:
            return True


@dataclass(frozen=True, slots=True)
class Settings:
    """What rules are held to besides the resources.

    Parameters
    ----------
    tables : mapping
        ``tables.json``: where machines are sold, and where regions lie.
    fleet : mapping
        ``fleet.json``: what the plan knew of this fleet's regions, groups and models.
    config : mapping of str to mapping
        Of each rule, by id, the values that its `Rule.parameters` may be set to.
    project : Path
        The folder with Pulumi.yaml and ``approval.json``.
    now : datetime or None
        The time an approval has to hold at. None where nothing is about to be deployed: then none is asked for.
    """

    tables: Mapping[str, Any]
    fleet: Mapping[str, Any]
    project: Path
    config: Mapping[str, Mapping[str, Any]] = field(default_factory=dict[str, Mapping[str, Any]])
    now: datetime | None = None

    def value(self, rule: "Rule", parameter: str) -> Any:
        """Return a rule's parameter as configured, else as the rule has it."""
        return self.config.get(rule.id, {}).get(parameter, rule.parameters[parameter])


@dataclass(frozen=True, slots=True)
class Stack:
    """What a check may look at besides its resource: those of the types its rule reads, the settings, the rule."""

    resources: Sequence[Resource]
    settings: Settings
    rule: "Rule"

    def of(self, *types: str) -> Iterator[Resource]:
        """Iterate over the resources of some types."""
        return (resource for resource in self.resources if resource.type in types)

    def has(self, *types: str) -> bool:
        """Whether there is a resource of some types."""
        return any(True for _ in self.of(*types))

    def parameter(self, name: str) -> Any:
        """Return a parameter of the rule that is running."""
        return self.settings.value(self.rule, name)


Check = Callable[[Resource, Stack], Iterator[str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One rule.

    Parameters
    ----------
    id : str
        Stable and unique; what configuration and baselines name.
    title : str
        What holds where the rule is kept.
    incident : str
        What happened to others where it was not kept, with its source.
    remedy : str
        What to do about a finding.
    link : str
        Address of the incident or of the provider's own word.
    types : tuple of str
        Types of the resources it is about; ``*`` stands for any letters. A rule about what is missing from a whole
        stack is about `STACK`.
    check : callable
        Takes one resource of these types and the stack; yields a message for each fault.
    scope : {"resource", "stack"}
        "resource" sees that one resource, before it is made; "stack" sees others too, after all are registered.
    reads : tuple of str
        With scope "stack", types of the other resources the check looks at.
    parameters : mapping of str to int, float, str or list of str
        What configuration may change, with the values that hold otherwise.
    """

    id: str
    domain: Domain
    severity: Severity
    title: str
    incident: str
    remedy: str
    link: str
    types: tuple[str, ...]
    check: Check
    scope: Literal["resource", "stack"] = "resource"
    reads: tuple[str, ...] = ()
    parameters: Mapping[str, Parameter] = field(default_factory=dict[str, Parameter])

    def is_about(self, type_: str) -> bool:
        """Whether resources of a type are held to it."""
        return any(fnmatchcase(type_, pattern) for pattern in self.types)

    def sees(self, type_: str) -> bool:
        """Whether its check looks at resources of a type."""
        return type_ in self.reads or self.is_about(type_)


@dataclass(frozen=True, slots=True)
class Finding:
    """A fault that a rule found in a resource; `urn` is empty where it is about a stack without one."""

    rule: Rule
    urn: str
    message: str
