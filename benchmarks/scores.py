"""What was named against what had changed."""

from dataclasses import dataclass

DAYS_PER_MONTH = 730.0 / 24.0


@dataclass(frozen=True)
class Score:
    """Workloads named rightly, wrongly and not at all."""

    right: int = 0
    wrong: int = 0
    missed: int = 0

    @classmethod
    def of(cls, changed: frozenset[str], named: set[str]) -> "Score":
        """Count one change."""
        return cls(len(changed & named), len(named - changed), len(changed - named))

    def __add__(self, other: "Score") -> "Score":
        return Score(self.right + other.right, self.wrong + other.wrong, self.missed + other.missed)

    def __str__(self) -> str:
        precision = f"{self.right / (self.right + self.wrong):.0%}" if self.right + self.wrong else "none named"
        recall = self.right / max(1, self.right + self.missed)
        return f"recall {recall:.0%} of {self.right + self.missed}, precision {precision}"
