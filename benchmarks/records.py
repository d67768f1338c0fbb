"""The file of results: what was measured, by which run, and how runs combine.

One record is one cell of a table. It has a `case` (the row), a `candidate`, a `device`
and the `run` that measured it, and either numbers or the package that is `missing`.
"""

import json
from pathlib import Path

FILE = Path(__file__).parent / "results.json"


def load(file: Path = FILE) -> dict:
    """Return the saved results: the facts of each run, and the records of each table.

    Raises
    ------
    FileNotFoundError, ValueError
        If there is no such file, or it does not hold results.
    """
    if not file.exists():
        raise FileNotFoundError(
            f"no results at {file.parent.name}/{file.name}: `make bench` measures and "
            f"writes them, `git checkout {file.parent.name}` brings back the last ones"
        )
    try:
        results = json.loads(file.read_text())
        return {"runs": results["runs"], "tables": results["tables"]}
    except (json.JSONDecodeError, KeyError, TypeError) as error:
        raise ValueError(
            f"{file.name} holds no results ({type(error).__name__}: {error}): "
            f"delete it and run `make bench`"
        ) from error


def save(results: dict, file: Path = FILE) -> None:
    """Write the results, one record a line so that a diff shows a cell."""
    runs = ",\n".join(f"{_json(k)}: {_json(v)}" for k, v in results["runs"].items())
    tables = ",\n".join(
        f"{_json(name)}: [\n" + ",\n".join(map(_json, records)) + "\n]"
        for name, records in results["tables"].items()
    )
    file.write_text(f'{{"runs": {{\n{runs}\n}},\n"tables": {{\n{tables}\n}}}}\n')


def add(results: dict, name: str, records: list[dict], where: dict) -> dict:
    """Return `results` with the records of one table measured again.

    A record of a package that is missing now gives way to its last measurement, which
    keeps its own run. Records of other devices stay. All others are replaced.
    """
    run = where["date"]
    new = [{**record, "run": run} for record in records]
    tables = dict(results["tables"])
    tables[name] = merged(tables.get(name, []), new)
    runs = {**results["runs"], run: where}
    used = {record["run"] for table in tables.values() for record in table}
    return {"runs": {k: v for k, v in runs.items() if k in used}, "tables": tables}


def merged(old: list[dict], new: list[dict]) -> list[dict]:
    """Return `new`, with what was measured earlier where a package is missing now."""
    devices = {record["device"] for record in new}
    elsewhere = [record for record in old if record["device"] not in devices]
    earlier = {_key(record): record for record in old if "missing" not in record}
    here = [earlier.get(_key(r), r) if "missing" in r else r for r in new]
    return elsewhere + here


def _key(record: dict) -> tuple:
    return record["candidate"], record["device"], *record["case"].items()


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False)
