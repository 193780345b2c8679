"""The strongest partners of series, block by block: what blocks find merges in any order to the same bytes."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from generator.compiled import compiled, compiled_aside
from generator.model import FloatArray
from generator.side_by_side import Each

# A block of so many rows and columns is multiplied at once: 32 MiB in double precision, 16 in single.
BLOCK_ROWS = 2048


@dataclass(frozen=True, eq=False)
class Partners:
    """The strongest partners of n series, `k` of each sign, strongest first; of equals the one of lower number.

    Parameters
    ----------
    strength : ndarray, shape (2, n, k)
        Correlations of those that move together, and of those that move apart with their sign turned; 0 is nobody.
    partner : ndarray of int, shape (2, n, k)
    """

    strength: FloatArray
    partner: NDArray[np.int32]


@dataclass(frozen=True, eq=False)
class Findings:
    """What one block holds: partners of its rows, of its columns (None where these are the rows), squares summed."""

    rows: Partners
    columns: Partners | None
    squares: float


Stripe = NDArray[np.floating]
Pair = tuple[int, int]
# Where blocks are worked through: stripes of series, the pairs of them that are wanted, and what to do with each.
Over = Callable[
    [Sequence[Stripe], Sequence[Pair], Callable[[Stripe, Stripe, Pair], Findings]], Iterable[tuple[Pair, Findings]]
]


def in_process(
    stripes: Sequence[Stripe], pairs: Sequence[Pair], find: Callable[[Stripe, Stripe, Pair], Findings]
) -> Iterator[tuple[Pair, Findings]]:
    """Work through blocks here, one after another, with one of them in memory."""
    for one, other in pairs:
        yield (one, other), find(stripes[one], stripes[other], (one, other))


def over_threads(each: Each) -> Over:
    """Work through blocks here, several at a time: one is multiplied while another is looked through."""

    def over(
        stripes: Sequence[Stripe], pairs: Sequence[Pair], find: Callable[[Stripe, Stripe, Pair], Findings]
    ) -> Iterable[tuple[Pair, Findings]]:
        return each(lambda pair: (pair, find(stripes[pair[0]], stripes[pair[1]], pair)), pairs)

    return over


def partners(unit: Stripe, wanted: int, over: Over = in_process) -> tuple[Partners, float]:
    """Find the strongest partners of every series, of either sign.

    Only block pairs on and above the diagonal are multiplied; each serves its rows and, transposed, its columns. Memory
    is bounded: one block, and what is found.

    Parameters
    ----------
    unit : ndarray, shape (W, T)
        Series of mean 0 and norm 1, so that their products are correlations; zeros for a constant one.
    wanted : int
        Partners of each sign, 1 or more.
    over : callable
        Where the blocks are worked through.

    Returns
    -------
    Partners
    squares : float
        Sum of all squared correlations, the diagonal's included.
    """
    count = len(unit)
    stripes = [unit[top : top + BLOCK_ROWS] for top in range(0, count, BLOCK_ROWS)]
    pairs = [(one, other) for one in range(len(stripes)) for other in range(one, len(stripes))]
    held = _nobody(count, wanted, unit.dtype)
    squares: dict[Pair, float] = {}
    for (one, other), found in over(stripes, pairs, BlockSearch(wanted)):
        _merge_into(held, found.rows, one * BLOCK_ROWS)
        if found.columns is not None:
            _merge_into(held, found.columns, other * BLOCK_ROWS)
        squares[one, other] = found.squares
    # Added up in one order, whichever block was ready first.
    return held, sum((1.0 if one == other else 2.0) * squares[one, other] for one, other in pairs)


@dataclass(frozen=True, slots=True)
class BlockSearch:
    """What is done with a pair of stripes, wherever it is done: multiply, and keep the strongest of either sign."""

    wanted: int

    def __call__(self, rows: Stripe, columns: Stripe, pair: Pair) -> Findings:
        """Find partners within one block."""
        same = pair[0] == pair[1]
        # One array with itself is half the work, and only numpy knows it by its address.
        block = rows @ (rows if same else columns).T
        squares = float(np.vdot(block, block))
        of_rows = _nobody(len(rows), self.wanted, block.dtype)
        of_columns = _nobody(0 if same else len(columns), self.wanted, block.dtype)
        _scan(
            block,
            pair[0] * BLOCK_ROWS,
            pair[1] * BLOCK_ROWS,
            of_rows.strength,
            of_rows.partner,
            of_columns.strength,
            of_columns.partner,
        )
        return Findings(of_rows, None if same else of_columns, squares)


def _nobody(count: int, wanted: int, dtype: np.dtype) -> Partners:
    shape = (2, count, wanted)
    return Partners(np.zeros(shape, dtype), np.full(shape, -1, dtype=np.int32))


def _merge_into(held: Partners, found: Partners, top: int) -> None:
    rows = slice(top, top + found.strength.shape[1])
    _merge(held.strength[:, rows], held.partner[:, rows], found.strength, found.partner)


@compiled_aside
def _scan(
    block: FloatArray,
    top: int,
    left: int,
    row_strength: FloatArray,
    row_partner: NDArray[np.int32],
    column_strength: FloatArray,
    column_partner: NDArray[np.int32],
) -> None:
    """Look through a block once, for its rows and, where there is room for them, for its columns."""
    last = row_strength.shape[2] - 1
    with_columns = column_strength.shape[1] > 0
    high = np.zeros(block.shape[1], dtype=block.dtype)
    low = np.zeros(block.shape[1], dtype=block.dtype)
    for i in range(block.shape[0]):
        row_high = row_low = block.dtype.type(0.0)
        for j in range(block.shape[1]):
            value = block[i, j]
            if (value > row_high or value < row_low) and (with_columns or i != j):
                sign = 0 if value > 0 else 1
                _insert(row_strength[sign, i], row_partner[sign, i], abs(value), left + j)
                row_high, row_low = row_strength[0, i, last], -row_strength[1, i, last]
            if with_columns and (value > high[j] or value < low[j]):
                sign = 0 if value > 0 else 1
                _insert(column_strength[sign, j], column_partner[sign, j], abs(value), top + i)
                high[j], low[j] = column_strength[0, j, last], -column_strength[1, j, last]


@compiled
def _insert(strength: FloatArray, partner: NDArray[np.int32], value: float, number: int) -> None:
    """Put a partner stronger than the last into its place; behind its equals, which have lower numbers."""
    place = len(strength) - 1
    while place > 0 and strength[place - 1] < value:
        strength[place], partner[place] = strength[place - 1], partner[place - 1]
        place -= 1
    strength[place], partner[place] = value, number


@compiled_aside
def _merge(
    strength: FloatArray,
    partner: NDArray[np.int32],
    other_strength: FloatArray,
    other_partner: NDArray[np.int32],
) -> None:
    """Merge lists of partners into those held, strongest first, of equals the lower number."""
    wanted = strength.shape[2]
    mine, names = np.empty(wanted, dtype=strength.dtype), np.empty(wanted, dtype=np.int32)
    for sign in range(2):
        for i in range(strength.shape[1]):
            for place in range(wanted):
                mine[place], names[place] = strength[sign, i, place], partner[sign, i, place]
            a = b = 0
            for place in range(wanted):
                one, other = mine[a], other_strength[sign, i, b]
                if one > other or (one == other and names[a] <= other_partner[sign, i, b]):
                    strength[sign, i, place], partner[sign, i, place] = one, names[a]
                    a += 1
                else:
                    strength[sign, i, place], partner[sign, i, place] = other, other_partner[sign, i, b]
                    b += 1
