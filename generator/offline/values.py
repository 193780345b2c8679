"""Property values as plain Python ones: what is unknown, what is secret, what differs."""

Value = None | bool | int | float | str | list["Value"] | dict[str, "Value"]
Properties = dict[str, Value]

# The engine's marks: https://github.com/pulumi/pulumi, sdk/python/lib/pulumi/runtime/rpc.py
UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
SIGNATURE = "4dabf18193072939515e22adb298388d"
SECRET = "1b47061264138c4ac30d75fd1eb44270"  # noqa: S105 (marks a secret, is none)

HIDDEN = "[secret]"


def bare(value: Value) -> Value:
    """Unwrap every secret."""
    return unwrap(value, hide=False)


def hidden(value: Value) -> Value:
    """Replace every secret by a mark, for what is written to a file."""
    return unwrap(value, hide=True)


def unwrap(value: Value, *, hide: bool) -> Value:
    """Take the wrapping off secrets, or put a mark in their place."""
    if isinstance(value, list):
        return [unwrap(item, hide=hide) for item in value]
    if isinstance(value, dict):
        if value.get(SIGNATURE) == SECRET:
            return HIDDEN if hide else unwrap(value.get("value"), hide=hide)
        return {key: unwrap(item, hide=hide) for key, item in value.items()}
    # Every number travels as a double.
    return int(value) if isinstance(value, float) and value.is_integer() else value


def differences(old: Value, new: Value, path: str = "") -> dict[str, str]:
    """Paths at which two bare values differ, each with "add", "delete" or "update"."""
    if old == new and not has_unknown(new):
        return {}
    if isinstance(old, dict) and isinstance(new, dict):
        found: dict[str, str] = {}
        for key in [*old, *(key for key in new if key not in old)]:
            found |= differences(old.get(key), new.get(key), f"{path}.{key}" if path else key)
        return found
    if isinstance(old, list) and isinstance(new, list):
        found = {}
        for at in range(max(len(old), len(new))):
            pair = (old[at] if at < len(old) else None, new[at] if at < len(new) else None)
            found |= differences(*pair, f"{path}[{at}]")
        return found
    if old is None:
        return {path: "add"}
    return {path: "delete" if new is None else "update"}


def has_unknown(value: Value) -> bool:
    """Whether a value, or anything in it, is only known after the deployment."""
    if isinstance(value, list):
        return any(has_unknown(item) for item in value)
    if isinstance(value, dict):
        return any(has_unknown(item) for item in value.values())
    return value == UNKNOWN
