"""Chooses the physical name of a resource that the program left unnamed, the way Pulumi's bridged providers do."""

import hashlib
import secrets

from generator.offline.shape import shape, strip
from generator.offline.values import Properties

# Where the bridge keeps, inside the inputs, which of them it chose itself.
CHOSEN = "__defaults"


def autoname(token: str, label: str, old: Properties, new: Properties, seed: bytes) -> Properties:
    """Complete the inputs by ``name``: the one chosen before while the resource lives, else label-1a2b3c4.

    Parameters
    ----------
    token, label : str
        Resource type and the name it has in the program.
    old, new : mapping
        Inputs as they are and as they are wanted. For a replacement the engine leaves
        `old` empty, so that it gets a new name.
    seed : bytes
        The engine's own, so that a planned name is the one that is used; without it the name is random.
    """
    known = shape(token)
    field = known.inputs.get("name") if known else None
    if field is None or field.required or strip(field.hint)[0] is not str:
        return new
    if new.get("name") is not None or new.get("namePrefix") is not None:
        return new
    chosen = old.get(CHOSEN)
    if isinstance(chosen, list) and "name" in chosen:
        return {**new, "name": old.get("name"), CHOSEN: ["name"]}
    suffix = hashlib.sha256(seed + f"{token} {label}".encode()).hexdigest()[:7] if seed else secrets.token_hex(4)[:7]
    return {**new, "name": f"{label}-{suffix}", CHOSEN: ["name"]}
