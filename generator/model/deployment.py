"""What is emitted, and what the engine and the cloud did with it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True, slots=True)
class Provenance:
    """What a program was decided by: SHA-256 of inventory with traffic and of the catalogue, the recommendation whole.

    `recommendation` is the text of the file ``recommendation.json`` that lies beside the program.
    """

    inventory: str
    catalogue: str
    recommendation: str


@dataclass(frozen=True, slots=True)
class Program:
    """A Pulumi project as a tree of texts: path relative to the project's folder, to content.

    `retiring` are the groups, each with its stack, that stand there only until nothing leads to them, and those that
    keep models until then.
    """

    files: Mapping[str, str]
    stacks: tuple[str, ...]
    retiring: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class EmittedGroup:
    """A group as an earlier emission wrote it down.

    Parameters
    ----------
    physical : mapping of str to str
        Its names in the cloud by their role: ``endpoint``, or ``service`` and ``identity``.
    formerly : tuple of (str, int)
        Names it had before, newest first, each with the number of the emission that changed it.
    leaving : tuple of str
        Workloads that another group serves since, and that it can still be asked for.
    retiring : bool
        Whether it stands there only until nothing leads to it.
    """

    stack: str
    name: str
    workloads: tuple[str, ...]
    physical: Mapping[str, str]
    formerly: tuple[tuple[str, int], ...] = ()
    leaving: tuple[str, ...] = ()
    retiring: bool = False


@dataclass(frozen=True, slots=True)
class Emission:
    """What a project's folder holds already. Emissions are counted where they change a group.

    Parameters
    ----------
    digests : mapping of str to str
        SHA-256 by file, as it was emitted.
    data : mapping of str to str
        Text of the stacks' data by file, as it is now.
    edge_first : bool
        Whether it left out groups that had routes, so that the load balancer is updated before the regions.
    """

    number: int
    groups: tuple[EmittedGroup, ...]
    digests: Mapping[str, str]
    data: Mapping[str, str] = field(default_factory=dict[str, str])
    edge_first: bool = False


@dataclass(frozen=True, slots=True)
class ResourceOperation:
    """What the Pulumi engine does, or would do, with one resource: create, update, replace, delete, same.

    `urn` is empty where no engine ran, and therefore not compared; nor are `properties`, the paths at which the
    resource differs, where the engine told them.
    """

    operation: str
    type: str
    name: str
    urn: str = field(default="", compare=False)
    properties: tuple[str, ...] = field(default=(), compare=False)


@dataclass(frozen=True, slots=True)
class StackReport:
    """What a preview, an update, a refresh or a destruction of one stack came to.

    Parameters
    ----------
    engine : str
        ``pulumi v3.259.0``, or ``in process`` where no CLI was there and the program only ran against mocks.
    resources : tuple of ResourceOperation
        Sorted by type and name; components and providers included, the stack itself not.
    outputs : mapping of str to object
        The stack's outputs as plain data; secrets and what is not known yet are left out.
    notes : tuple of str
        What people are to know besides: an earlier run's ends that were taken up.
    """

    stack: str
    engine: str
    resources: tuple[ResourceOperation, ...]
    outputs: Mapping[str, object]
    notes: tuple[str, ...] = ()

    @property
    def counts(self) -> dict[str, int]:
        """Number of resources by operation."""
        operations = [resource.operation for resource in self.resources]
        return {operation: operations.count(operation) for operation in sorted(set(operations))}

    @property
    def changes(self) -> int:
        """Number of resources that are not the same as before."""
        return sum(resource.operation != "same" for resource in self.resources)


@dataclass(frozen=True, slots=True)
class Served:
    """What a cloud says of one endpoint, service, API or load balancer.

    Parameters
    ----------
    name : str
        ``region/name`` on SageMaker and API Gateway, the whole resource name on Google Cloud.
    message : str
        What serves, or what is wrong, without a full stop.
    """

    kind: Literal["sagemaker", "cloud-run", "api-gateway", "url-map"]
    name: str
    state: Literal["serves", "differs", "missing", "undecided"]
    message: str
