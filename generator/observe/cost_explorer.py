"""What AWS's Cost Explorer says that groups cost, day by day.

https://docs.aws.amazon.com/aws-cost-management/latest/APIReference/API_GetCostAndUsage.html
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from generator.clouds.amazon import amazon_clients, asking_amazon
from generator.errors import ObserveError
from generator.model import Watched, Window
from generator.observe.bill import TAG, Charge, billed
from generator.observe.source import Reading

# The one region it answers from.
REGION = "us-east-1"
NAME = "Cost Explorer"
METRIC = "UnblendedCost"
DAY = timedelta(days=1)
MOST_PAGES = 1000


class CostExplorer:
    """Cost Explorer of the account that boto3 finds credentials for; every page it answers with costs 0.01 USD."""

    def __init__(self) -> None:
        self._clients = amazon_clients("ce")

    @property
    def name(self) -> str:
        """Cost Explorer, and that its costs are billed ones."""
        return f"{NAME} (billed)"

    def places(self, watched: Sequence[Watched]) -> Mapping[str, Sequence[Watched]]:
        """Everything on AWS at once: it knows all regions."""
        amazons = [one for one in watched if one.group.cloud == "aws"]
        return {self.name: amazons} if amazons else {}

    def read(self, watched: Sequence[Watched], window: Window) -> Reading:
        """Read what groups cost, credits and refunds left out.

        Raises
        ------
        ObserveError
            No credentials, no permission, no answer, or one in another currency.
        """
        first = window.start.replace(hour=0, minute=0, second=0, microsecond=0)
        last = -((first - window.end) // DAY) * DAY + first
        accounts = sorted({one.account for one in watched})
        asked: dict[str, Any] = {
            "TimePeriod": {"Start": f"{first:%Y-%m-%d}", "End": f"{last:%Y-%m-%d}"},
            "Granularity": "DAILY",
            "Metrics": [METRIC],
            "GroupBy": [{"Type": "TAG", "Key": TAG}],
            "Filter": {
                "And": [
                    {"Dimensions": {"Key": "LINKED_ACCOUNT", "Values": accounts}},
                    {"Not": {"Dimensions": {"Key": "RECORD_TYPE", "Values": ["Credit", "Refund"]}}},
                ]
            },
        }
        estimated: list[str] = []
        charges = [charge for page in self._pages(asked) for charge in _charges(page, estimated)]
        reading = billed(charges, watched, window, NAME)
        if not estimated:
            return reading
        note = f"{NAME}: costs from {min(estimated)} on are AWS's own estimates until the bill is closed."
        return Reading(reading.series, (*reading.notes, note))

    def _pages(self, asked: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
        with asking_amazon(
            NAME, doing="tell what was spent", allow="ce:GetCostAndUsage, and Cost Explorer", failure=ObserveError
        ):
            token: dict[str, str] = {}
            for _ in range(MOST_PAGES):
                page = self._clients(REGION).get_cost_and_usage(**asked, **token)
                yield page
                if not page.get("NextPageToken"):
                    return
                token = {"NextPageToken": page["NextPageToken"]}
        raise ObserveError(NAME, f"answers with more than {MOST_PAGES} pages.", "Ask for a shorter time.")


def _charges(page: Mapping[str, Any], estimated: list[str]) -> Iterator[Charge]:
    for day in page.get("ResultsByTime", ()):
        start = datetime.strptime(day["TimePeriod"]["Start"][:10], "%Y-%m-%d").replace(tzinfo=UTC)
        if day.get("Estimated"):
            estimated.append(f"{start:%Y-%m-%d}")
        for group in day.get("Groups", ()):
            amount = group["Metrics"][METRIC]
            usd = float(amount["Amount"])
            if usd and amount["Unit"] != "USD":
                what = f"answers in {str(amount['Unit'])[:10]}, and covey counts in USD."
                raise ObserveError(NAME, what, "Give an export of the bill in USD: --cost FILE.")
            # As "group$books"; what has no such tag comes as "group$".
            yield Charge(group["Keys"][0].partition("$")[2], start, start + DAY, usd)
