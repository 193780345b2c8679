"""Who may share an endpoint with whom, before any machine is looked at."""

from generator.model import Workload


def class_key(workload: Workload, *, tenants_share: bool) -> tuple[str, ...]:
    """What two workloads must have in common to share an endpoint, as readable words."""
    key = [f"runtime {workload.runtime}", "GPU" if workload.accelerator == "gpu" else "CPU"]
    if workload.tenant is not None and not tenants_share:
        key.append(f"tenant {workload.tenant}")
    if workload.licence is not None:
        key.append(f"licence {workload.licence}")
    if workload.pin is not None:
        key.append(f"pinned to {workload.pin.hosting} {workload.pin.instance_type} {workload.pin.region}")
    return tuple(key)
