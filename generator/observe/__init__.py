"""Reads what a deployed fleet did: one reader for each source, behind one port."""

from generator.observe.bill_file import BillFile
from generator.observe.observe import observe
from generator.observe.series_file import SeriesFile, of_table, series_frame
from generator.observe.source import Reading, Source
from generator.observe.watched import watched

__all__ = ["BillFile", "Reading", "SeriesFile", "Source", "observe", "of_table", "series_frame", "watched"]
