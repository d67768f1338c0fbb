"""The results as Markdown, for the terminal and for the page of the book."""

import re
from collections.abc import Callable, Iterable

LAYERS = (
    "Layers in NumPy: forward plus backward, float32, one thread, time relative to "
    "torch's layer (smaller is faster)."
)
RENORM = (
    "Batch renorm in torch: forward plus backward, float32, after warm-up, time "
    "relative to `nn.BatchNorm` (smaller is faster)."
)
ACCURACY = (
    "Largest |y32 - y64| for x = offset + N(0, 1), 16,384 values per channel; last, "
    "for a channel that is 10,000 and one third throughout, where y64 is 0."
)

SIGN = {"+": "", "-": "−"}  # a line may break after a hyphen, not after a minus


def everything(results: dict) -> str:
    """Return all tables that were measured, each under its caption."""
    return "\n".join(
        section(results, name) for name in TABLES if devices(results, name)
    )


def section(results: dict, name: str) -> str:
    """Return a caption, then the table of each device that was measured."""
    caption, _ = TABLES[name]
    measured = [table(results, name, device) for device in devices(results, name)]
    return "\n\n".join([caption, *measured]) + "\n"


def devices(results: dict, name: str) -> list[str]:
    """Return the devices that a table was measured on, the CPU first."""
    found = {record["device"] for record in results["tables"].get(name, [])}
    return sorted(found, key=lambda device: (device != "cpu", device))


def select(results: dict, name: str, device: str = "cpu") -> list[dict]:
    """Return the records of one table on one device.

    Raises
    ------
    ValueError
        If there are none.
    """
    records = results["tables"].get(name, [])
    found = [record for record in records if record["device"] == device]
    if not found:
        raise ValueError(
            f"no {name!r} measured on {device!r}, only {sorted(results['tables'])} on "
            f"{devices(results, name)}: `make bench` measures all on the CPU"
        )
    return found


def table(results: dict, name: str, device: str = "cpu") -> str:
    """Return one table, then when and where it was measured, as Markdown."""
    records = select(results, name, device)
    newest = max(record["run"] for record in records)
    _, layout = TABLES[name]
    header, *rows = layout(records, newest)
    lines = [header, ["---"] * len(header), *rows]
    text = "\n".join(f"| {' | '.join(line)} |" for line in lines)
    return f"{text}\n\n{provenance(results['runs'], records, newest)}"


def speed(records: list[dict], newest: str) -> list[list[str]]:
    """Return a header and one row per case: milliseconds of 1.00, then ratios."""
    names = unique(record["candidate"] for record in records)
    baseline, others = names[0], names[1:]
    cases = unique(tuple(record["case"].values()) for record in records)
    rows = []
    for case in cases:
        here = {r["candidate"]: r for r in records if (*r["case"].values(),) == case}
        milliseconds = f"{1e3 * here[baseline]['seconds']:.2f}"
        ratios = [cell(here.get(n), newest, "ratio", "{:.2f}") for n in others]
        rows.append([*map(str, case), milliseconds, *ratios])
    return [[*records[0]["case"], f"{baseline} (ms)", *others], *rows]


def accuracy(records: list[dict], newest: str) -> list[list[str]]:
    """Return a header and one row per implementation, one column per offset."""
    offsets = unique(record["case"]["offset"] for record in records)
    rows = []
    for name in unique(record["candidate"] for record in records):
        here = {r["case"]["offset"]: r for r in records if r["candidate"] == name}
        cells = [cell(here.get(o), newest, "error", "{:.0e}") for o in offsets]
        rows.append([name, *cells])
    return [["implementation", *offsets], *rows]


def cell(record: dict | None, newest: str, value: str, form: str) -> str:
    """Return one number, or why there is none; a star marks an earlier run."""
    if record is None:
        return "–"
    if "missing" in record:
        return "not installed"
    if "wrong" in record:
        return f"wrong by {record['wrong']:.0e}"
    number = record[value]
    shown = "NaN" if number is None else form.format(number) if number else "0"
    short = re.sub(r"e([+-])0(\d)", lambda e: f"e{SIGN[e[1]]}{e[2]}", shown)
    return short.removesuffix("e0") + "\\*" * (record["run"] != newest)


def provenance(runs: dict, records: list[dict], newest: str) -> str:
    """Return when and where the records were measured, earlier ones apart."""
    timed = any("seconds" in record for record in records)
    lines = [f"Measured {facts(runs[newest], timed)}."]
    for run in unique(r["run"] for r in records if r["run"] != newest):
        names = ", ".join(unique(r["candidate"] for r in records if r["run"] == run))
        lines.append(
            f"\\* Not installed in that run. {names}: {facts(runs[run], timed)}."
        )
    return "\n\n".join(lines)


def facts(where: dict, timed: bool) -> str:
    """Return the facts of a run in one line."""
    about = ("date", "machine", "cores", "system", "rounds")
    versions = ", ".join(f"{k} {v}" for k, v in where.items() if k not in about)
    rounds = f"medians of {where['rounds']} rounds, " * timed
    place = f"{where['machine']} ({where['cores']} cores, {where['system']})"
    return f"{where['date'][:16]} on {place}, {rounds}{versions}"


def unique(items: Iterable) -> list:
    """Return the items without repetitions, in their order."""
    return list(dict.fromkeys(items))


TABLES: dict[str, tuple[str, Callable]] = {
    "layers": (LAYERS, speed),
    "renorm": (RENORM, speed),
    "accuracy": (ACCURACY, accuracy),
}
