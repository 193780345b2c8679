"""Who joins a running layout and who leaves it: what that costs, what it risks, and which group it concerns."""

from generator.membership.join import join
from generator.membership.leave import leave

__all__ = ["join", "leave"]
