"""Who joins a running layout, who leaves it and who changes groups: what that costs, and which groups it concerns."""

from generator.membership.held_back import held_back
from generator.membership.join import join
from generator.membership.leave import leave
from generator.membership.regroup import regroup

__all__ = ["held_back", "join", "leave", "regroup"]
