"""Workloads and machines to groups: published packings, local search on true cost, set partitioning."""

from generator.solve.problem import Problem
from generator.solve.solve import Solution, best_packings, blocks, fluid_bound, packed, solve, with_sizing

__all__ = ["Problem", "Solution", "best_packings", "blocks", "fluid_bound", "packed", "solve", "with_sizing"]
