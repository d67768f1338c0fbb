"""All cases, by name, in the order of the chapter."""

from clinic import axes, batches, deployment, freezing, precision, statistics
from clinic.case import Case

__all__ = ["CASES"]

FAMILIES = (freezing, statistics, batches, axes, precision, deployment)
CASES: dict[str, Case] = {
    case.name: case for family in FAMILIES for case in family.CASES
}
