"""Read a table that nobody vouches for, from CSV or parquet."""

from pathlib import Path

import polars as pl

from generator.errors import InputError
from generator.inventory.yaml_source import shown

MOST_CSV_BYTES = 2**30
MOST_CELLS = 3 * 10**8  # 2.4 GB as numbers; 100,000 workloads x 2,016 bins are 2 x 10^8


def table_file(path: Path, error: type[InputError]) -> pl.DataFrame:
    """Read a table whole; the cells of a CSV stay the texts they are.

    Parameters
    ----------
    path : Path
        ``.csv`` is read as CSV, all else as parquet.
    error : type of InputError
        What is raised where it is empty, too large, or not what its name says.
    """
    try:
        if path.stat().st_size == 0:
            raise error(str(path), "The file is empty.", "Write one row for each series, under a header.")
        frame = _csv(path, error) if path.suffix == ".csv" else _parquet(path, error)
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError) as problem:
        reason = str(problem).splitlines()[0] if str(problem) else type(problem).__name__
        kind = "CSV" if path.suffix == ".csv" else "parquet"
        raise error(str(path), f"This is not {kind}: {shown(reason, 200)}.", f"Export it as {kind} again.") from problem
    if frame.height == 0:
        raise error(str(path), "The file has a header and no rows.", "Write one row for each series or bin.")
    return frame


def _csv(path: Path, error: type[InputError]) -> pl.DataFrame:
    if path.stat().st_size > MOST_CSV_BYTES:
        raise error(str(path), f"The file is larger than {MOST_CSV_BYTES // 2**20} MiB.", "Give it as parquet.")
    content = path.read_bytes()
    try:
        content.decode()
    except UnicodeDecodeError as problem:
        line = content.count(b"\n", 0, problem.start) + 1
        raise error(
            f"{path}:{line}", f"Byte {problem.start} is not UTF-8.", "Save the file in the encoding UTF-8."
        ) from problem
    # Everything is text at first, so that a wrong cell can be named instead of silently becoming empty.
    return pl.read_csv(content, infer_schema=False)


def _parquet(path: Path, error: type[InputError]) -> pl.DataFrame:
    lazy = pl.scan_parquet(path, glob=False, hive_partitioning=False)
    rows = lazy.select(pl.len()).collect().item()
    if rows * len(lazy.collect_schema()) > MOST_CELLS:
        raise error(str(path), f"The file has more than {MOST_CELLS:,} cells.", "Use longer bins or split the fleet.")
    return lazy.collect()
