"""Notice an answer that calls a ready-made layer, or that changes NumPy."""

import builtins
import contextlib
import sys
from collections.abc import Iterator
from types import FrameType, ModuleType
from typing import Any, Self

import numpy as np

__all__ = ["Watch", "modules_kept"]

READY_MADE = (
    "normlib.",
    "torch.nn.",
    "torch.ao.",
    "sklearn.preprocessing",
    "sklearn.decomposition",
    "keras.",
    "tensorflow.",
    "flax.",
    "haiku.",
)
# The building blocks, which the chapters introduce before the layers.
ALLOWED = {("normlib.kernel", "moments"), ("normlib.kernel", "merge_moments")}
COMPILED = ("batch_norm", "layer_norm", "group_norm", "instance_norm", "rms_norm")


class Watch:
    """While entered, notes the first ready-made layer that is called.

    Attributes
    ----------
    own : str, default ""
        Name of a function that is no building block here, but what is asked for.
    found : str
        Name of the layer, or "".
    """

    def __init__(self, own: str = "") -> None:
        self.own = own
        self.found = ""

    def __enter__(self) -> Self:
        self._before = sys.getprofile()
        sys.setprofile(self._look)
        return self

    def __exit__(self, *_: object) -> None:
        sys.setprofile(self._before)

    def _look(self, frame: FrameType, event: str, arg: Any) -> None:
        if self.found:
            return
        if event == "c_call":
            self._look_at_compiled(arg)
        elif event == "call":
            self._look_at_python(frame)

    def _look_at_compiled(self, function: Any) -> None:
        name = getattr(function, "__name__", "")
        if name.removeprefix("native_") in COMPILED:
            self.found = f"torch.{name}"

    def _look_at_python(self, frame: FrameType) -> None:
        module = str(frame.f_globals.get("__name__", ""))
        if not module.startswith(READY_MADE) or module.startswith("normlib.checks"):
            return
        name = frame.f_code.co_name
        inside = frame.f_back and frame.f_back.f_globals.get("__name__")
        allowed = (module, name) in ALLOWED and name != self.own
        if not allowed and inside != "normlib.kernel":
            self.found = f"{module}.{frame.f_code.co_qualname}"


@contextlib.contextmanager
def modules_kept(patched: list[str]) -> Iterator[None]:
    """Put back every name of NumPy, normlib and the builtins that the block replaces.

    The names are appended to `patched`.
    """
    own = [m for name, m in sys.modules.items() if name.split(".")[0] == "normlib"]
    watched: list[ModuleType] = [builtins, np, np.linalg, np.random, *own]
    before = [dict(vars(module)) for module in watched]
    try:
        yield
    finally:
        for module, names in zip(watched, before, strict=True):
            patched += _put_back(module, names)


def _put_back(module: ModuleType, names: dict[str, Any]) -> list[str]:
    """Restore what was replaced in `module`, and return its names."""
    now = vars(module)
    changed = [n for n, value in names.items() if now.get(n, names) is not value]
    changed = [n for n in changed if n != "_"]  # the display hook of a shell sets it
    for name in changed:
        setattr(module, name, names[name])
    return [f"{module.__name__}.{name}" for name in changed]
