"""Machine types estimated together: each by what it did itself, and by what others of its family did."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from sklearn.linear_model import BayesianRidge

from generator.learn.evidence import Evidence
from generator.model import FloatArray, InstanceType

# How much each level may differ from the one above, relative to one another: what the catalogue does not know of a
# machine lies in its family and its size before it lies in all machines alike, or in the workloads of one group.
ALL, KIND, FAMILY, MACHINE, GROUP = 0.5, 0.5, 1.0, 1.0, 0.5
# Fewer days than this say nothing about how much days differ.
LEAST_EVIDENCE = 3


@dataclass(frozen=True, slots=True)
class Estimate:
    """Logarithm of a factor, and the standard deviation of what is known of it."""

    mean: float
    deviation: float


def pooled(found: Sequence[Evidence], types: Mapping[str, InstanceType], wanted: Sequence[str]) -> dict[str, Estimate]:
    """Estimate the factor of each wanted machine type.

    The log ratio of a group's day is ``all + kind + family + machine + group + noise``, each a normal effect
    around 0: without evidence a factor is 1, with some of its own a machine moves towards that, and one that never ran
    takes its family's part and keeps the uncertainty of its own. The variances of effects and of noise are those that
    explain the evidence best (empirical Bayes).

    Parameters
    ----------
    found : sequence of Evidence
        Of one quantity.
    types : mapping of str to InstanceType
    wanted : sequence of str

    Returns
    -------
    dict of str to Estimate
        Empty where there is too little evidence.

    References
    ----------
    D. J. C. MacKay, "Bayesian interpolation", Neural Computation 4 (1992), as scikit-learn's `BayesianRidge` has it.
    A. Gelman and J. Hill, "Data Analysis Using Regression and Multilevel/Hierarchical Models" (2007), chapter 12.
    """
    if len(found) < LEAST_EVIDENCE:
        return {}
    seen = [types[one.instance_type] for one in found]
    asked = [types[name] for name in wanted]
    groups = sorted({one.members for one in found})
    design = _design([*seen, *asked])
    of_group = np.zeros((len(seen) + len(asked), len(groups)))
    of_group[np.arange(len(found)), [groups.index(one.members) for one in found]] = GROUP
    design = np.hstack([design, of_group])
    model = BayesianRidge(fit_intercept=False, max_iter=1000)
    model.fit(design[: len(seen)], np.array([one.log_ratio for one in found]))
    rows = design[len(seen) :]
    variance = np.einsum("ij,jk,ik->i", rows, model.sigma_, rows)
    deviation = np.sqrt(np.maximum(variance, 0.0))
    means = rows @ model.coef_
    return {
        name: Estimate(float(mean), float(spread)) for name, mean, spread in zip(wanted, means, deviation, strict=True)
    }


def _design(machines: Sequence[InstanceType]) -> FloatArray:
    """One row a machine: which levels it belongs to."""
    levels = [
        (ALL, [""] * len(machines)),
        (KIND, [machine.gpu_model or "cpu" for machine in machines]),
        (FAMILY, [machine.family for machine in machines]),
        (MACHINE, [machine.name for machine in machines]),
    ]
    columns: list[FloatArray] = []
    for weight, names in levels:
        for name in sorted(set(names)):
            columns.append(np.array([weight if one == name else 0.0 for one in names]))  # noqa: PERF401
    return np.array(columns).T
