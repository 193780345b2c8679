"""A region's data read back from the file that an earlier emission wrote: what was served is not planned again."""

import ast
from collections.abc import Mapping

from pydantic import TypeAdapter, ValidationError

from generator.errors import EmitError
from generator.program.cloud_names import checked
from generator.program.stacks.components import values

REGIONS: Mapping[str, TypeAdapter[values.AwsRegion] | TypeAdapter[values.GcpRegion]] = {
    "AwsRegion": TypeAdapter(values.AwsRegion),
    "GcpRegion": TypeAdapter(values.GcpRegion),
}


def written(path: str, text: str | None) -> values.AwsRegion | values.GcpRegion:
    """Return the region that a file under ``stacks/groups/`` describes. Nothing in it is run.

    Parameters
    ----------
    path : str
        Where the file lies in the project.
    text : str or None
        What it holds; None where it is gone.

    Raises
    ------
    EmitError
        If it is gone, or holds anything but one region in literals.
    """
    remedy = "Restore it as covey wrote it: it holds what has to go on being served."
    if text is None:
        raise EmitError(path, "is gone.", remedy)
    try:
        (region,) = [node.value for node in ast.parse(text).body if isinstance(node, ast.Assign)]
        if isinstance(region, ast.Call) and isinstance(region.func, ast.Name):
            found = REGIONS[region.func.id].validate_python(plain(region))
            for group in found.groups:
                checked("group", group.name, path)
            return found
        problem = "it assigns no region"
    except ValidationError as error:
        problem = f"{error.error_count()} values are not what they should be"
    except (KeyError, MemoryError, RecursionError, SyntaxError, ValueError) as error:
        problem = f"{type(error).__name__}: {error}"
    raise EmitError(path, f"does not describe a region ({problem[:200]}).", remedy)


def plain(node: ast.expr) -> object:
    """Return constructors as mappings of their arguments, all else as the literal it is."""
    if isinstance(node, ast.Call):
        if node.args:
            raise ValueError(f"line {node.lineno}: arguments have names here")
        return {str(argument.arg): plain(argument.value) for argument in node.keywords}
    if isinstance(node, ast.Tuple):
        return tuple(plain(element) for element in node.elts)
    return ast.literal_eval(node)
