"""What every machine of the catalogue means to every workload of a fleet."""

from generator.capacity.machines.machines import machines
from generator.capacity.machines.table import Machines

__all__ = ["Machines", "machines"]
