"""The verbs of what happened: what a deployed fleet did, and what is to be learned from it."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from generator.clouds.extras import extras
from generator.errors import InputError, ObserveError
from generator.history import JournalAt, history_of_decisions
from generator.options import FleetPath, Json, ProjectPath
from generator.present.figures import plain
from generator.shell import bar, must_be_writable, put, put_drawn, say, write_whole

if TYPE_CHECKING:
    from generator.model import Window
    from generator.observe import Source


# By source, what of covey has to be installed for it.
EXTRAS = {"cloudwatch": "aws", "cloud-monitoring": "gcp", "prometheus": "prometheus", "files": ""}
# Observations, of any fleet, that are learned from: two years of weeks.
NEWEST = 104
# Without --since: a week, which has every hour of every day once.
USUAL = timedelta(days=7)


def observe(
    project: ProjectPath,
    *,
    source: Annotated[
        list[str],
        typer.Option(
            "--source",
            metavar="SOURCE",
            help="cloudwatch, cloud-monitoring, prometheus=URL or files=FILE; may be given again.",
        ),
    ],
    cost: Annotated[
        str | None,
        typer.Option("--cost", metavar="FILE", help="An export of the bill, or explorer: AWS's, at 0.01 USD a page."),
    ] = None,
    since: Annotated[
        str | None, typer.Option("--since", metavar="TIME", help="Such as 2026-01-31T00:00Z; else a week before.")
    ] = None,
    until: Annotated[str | None, typer.Option("--until", metavar="TIME", help="Else now.")] = None,
    bin_s: Annotated[
        int, typer.Option("--bin", metavar="SECONDS", min=60, max=86_400, help="Length of a bin, whole minutes.")
    ] = 300,
    save: Annotated[
        Path | None, typer.Option("--save", metavar="FILE", help="Keep the table: .csv or .parquet.")
    ] = None,
    journal: JournalAt = None,
    json: Json = False,
) -> None:
    """Read what the project's groups and workloads did, and record it; 6 where a region gave no answer."""
    from generator.catalog import read_catalog
    from generator.files import read_emission
    from generator.measurements import contents
    from generator.observe import observe as observed
    from generator.observe import series_frame, watched
    from generator.present.document import running_layout
    from generator.present.observations import observations, show_observations
    from generator.present.saved import emitted_recommendation

    if save is not None:
        must_be_writable(save, "--save")
        if save.suffix not in (".csv", ".parquet"):
            raise InputError(f"--save {save}", "is neither CSV nor parquet.", "Name a .csv or a .parquet.")
    if bin_s % 60:
        raise InputError(f"--bin {bin_s}", "is no whole number of minutes.", "Give a multiple of 60.")
    emission = read_emission(project)
    chosen = emitted_recommendation(project, emission)
    if emission is None:
        raise AssertionError(project)  # it has a recommendation
    everything = watched(running_layout(chosen), emission, read_catalog())
    history = history_of_decisions(project, journal)
    now = datetime.now(UTC)
    readers = [_reader(one, now) for one in source]
    window = _window(since, until, float(bin_s), now, readers)
    readers += [] if cost is None else [_bill(cost)]
    names = ", ".join(reader.name for reader in readers)
    with bar() as told:
        told(f"asking {names}", 0.0)
        found = observed(everything, readers, window)
    series: str | None = None
    recorded = contents(found, fleet=chosen.fleet, source=names)
    for kind, content in recorded.items():
        entry = history.add(kind, content)
        series = series or (entry.content if entry else None)
    if save is not None:
        write_whole(save, series_frame(found).write_csv() if save.suffix == ".csv" else recorded["series"])
        say(f"Saved the table to {save}.")
    answer = observations(found, fleet=chosen.fleet, source=names, series=series)
    if json:
        put(answer.text())
    else:
        put_drawn(lambda console: show_observations(answer, console))
    if found.unanswered:
        what = f"not everything gave an answer: {'; '.join(found.unanswered)}"
        raise ObserveError(names, what, "What the others said is kept. Ask again for the same time.")


def learn(
    fleet: FleetPath,
    *,
    report: Annotated[
        bool, typer.Option("--report", help="Everything that was tried, with its errors before and after.")
    ] = False,
    journal: JournalAt = None,
    json: Json = False,
) -> None:
    """Learn from what was observed how machine types differ from the catalogue; later plans use what holds."""
    from generator.catalog import read_catalog
    from generator.history import folder_of, journal_at
    from generator.learn import learn as learned
    from generator.lessons import calibration_content
    from generator.load import load
    from generator.measurements import remembered
    from generator.present.calibration import calibration, show_calibration

    catalog = read_catalog()
    one = load(fleet, catalog).fleet
    kept = journal_at(journal, folder_of(fleet))
    seen = remembered(kept, one.name, newest=NEWEST) if kept is not None and not kept.is_absent() else ()
    found = learned(seen, one, catalog) if seen else None
    if found is None:
        what = f"knows nothing of {plain(one.name)} that could be compared with what was planned."
        remedy = "Observe rates with busy share, latency or cost first: covey observe DIR --source …"
        raise InputError("the journal" if kept is None else f"journal {kept}", what, remedy)
    history_of_decisions(folder_of(fleet), journal).add("calibration", calibration_content(one.name, found))
    answer = calibration(one.name, found)
    if json:
        put(answer.text())
    else:
        put_drawn(lambda console: show_calibration(answer, console, report=report))


def _reader(source: str, now: datetime) -> "Source":
    kind, _, where = source.partition("=")
    if kind not in EXTRAS or bool(where) != (kind in ("prometheus", "files")):
        remedy = "Give cloudwatch, cloud-monitoring, prometheus=URL or files=FILE."
        raise InputError("--source", f"{plain(kind)[:60]!r} is no source, or lacks its place.", remedy)
    with extras(EXTRAS[kind], InputError):
        if kind == "files":
            from generator.observe import SeriesFile

            return SeriesFile(Path(where), now)
        if kind == "prometheus":
            from generator.observe.prometheus import Prometheus

            return Prometheus(where)
        if kind == "cloudwatch":
            from generator.observe.cloudwatch import CloudWatch

            return CloudWatch()
        from generator.observe.cloud_monitoring import CloudMonitoring

        return CloudMonitoring()


def _bill(cost: str) -> "Source":
    if cost != "explorer":
        from generator.observe import BillFile

        return BillFile(Path(cost))
    with extras("aws", InputError):
        from generator.observe.cost_explorer import CostExplorer

        return CostExplorer()


def _window(since: str | None, until: str | None, bin_s: float, now: datetime, readers: "Sequence[Source]") -> "Window":
    """Return whole bins that are over, on the grid of the day; where only files are read, all they have."""
    from generator.model import Window
    from generator.observe import SeriesFile

    length = timedelta(seconds=bin_s)
    first, last = None, now
    if files := [reader.extent(bin_s) for reader in readers if isinstance(reader, SeriesFile)]:
        first, last = min(begin for begin, _ in files), max(end for _, end in files)
    if len(files) < len(readers):
        first, last = None, now
    end = _instant("--until", until) or last
    start = _instant("--since", since) or first or end - USUAL
    if end > now:
        what = f"{end:%Y-%m-%d %H:%M} UTC is in the future: it is {now:%Y-%m-%d %H:%M} here."
        raise InputError("--until", what, "Give a time that is over, or set this machine's clock.")
    midnight = start.replace(hour=0, minute=0, second=0, microsecond=0)
    start = midnight + (start - midnight) // length * length
    bins = (end - start) // length
    if bins < 1:
        raise InputError("--since", f"leaves no whole bin of {bin_s:g} s before the end.", "Give an earlier time.")
    return Window(start, start + bins * length, bin_s)


def _instant(option: str, text: str | None) -> datetime | None:
    from generator.inventory.fields import as_utc

    if text is None:
        return None
    try:
        return as_utc(datetime.fromisoformat(text), "UTC")
    except (ValueError, OverflowError):
        raise InputError(option, f"{text[:60]!r} is no time.", "Write it as 2026-01-31T00:00Z.") from None
