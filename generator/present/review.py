"""What a check found, as the published answer and on a terminal."""

from collections.abc import Set as AbstractSet
from dataclasses import asdict

from rich.console import Console
from rich.text import Text

from generator.check import SEVERITIES, Inspection, Severity
from generator.present.answers import Review, ReviewFinding, ReviewRule
from generator.present.figures import count, plain
from generator.present.tables import table as opened

COLOURS = {"critical": "bold red", "high": "red", "medium": "yellow", "low": "cyan"}
MOST_ROWS = 200


def review(found: Inspection, known: AbstractSet[str], severity: Severity) -> Review:
    """Publish a check.

    Parameters
    ----------
    found : Inspection
    known : set of str
        Fingerprints of the baseline.
    severity : str
        The least that counts.
    """
    findings = tuple(
        ReviewFinding(
            rule=one.rule.id,
            severity=one.rule.severity,
            stack=one.stack,
            resource=one.resource,
            message=one.message,
            file=one.place.file,
            line=one.place.line,
            remedy=one.rule.remedy,
            fingerprint=one.fingerprint,
            known=one.fingerprint in known,
        )
        for one in found.findings
    )
    return Review(
        severity=severity,
        stacks=found.stacks,
        rules=tuple(ReviewRule(**asdict(rule)) for rule in found.rules),
        findings=findings,
        counted=sum(not one.known and _at_least(one.severity, severity) for one in findings),
    )


def show_review(found: Review, console: Console) -> None:
    """Print the findings that are not known, the worst first, each with its line and what to do."""
    fresh = [one for one in found.findings if not one.known]
    shown = fresh[:MOST_ROWS]
    for severity in reversed(SEVERITIES):
        these = [one for one in shown if one.severity == severity]
        if not these:
            continue
        console.print(Text(f"{severity}, {count(len(these), 'finding')}", COLOURS[severity]))
        table = opened("Rule", "Where", "What, and what to do")
        for one in these:
            said = Text(plain(one.message))
            said.append(f"\n{plain(one.remedy)}", "dim")
            table.add_row(Text(plain(one.rule)), Text(f"{plain(one.file)}:{one.line}\n{plain(one.stack)}"), said)
        console.print(table)
    if len(fresh) > MOST_ROWS:
        console.print(f"and {count(len(fresh) - MOST_ROWS, 'finding')} more; --json has them all.")
    known = len(found.findings) - len(fresh)
    said = (
        f"{count(len(found.stacks), 'stack')} held to {count(len(found.rules), 'rule')}: {count(len(fresh), 'finding')}"
    )
    below = len(fresh) - found.counted
    parts = [said, f"{below:,} below {found.severity}" if below else "", f"{known:,} known before" if known else ""]
    console.print(f"{', '.join(part for part in parts if part)}.")


def _at_least(severity: Severity, least: Severity) -> bool:
    return SEVERITIES.index(severity) >= SEVERITIES.index(least)
