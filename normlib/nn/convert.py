"""Exchange the batch norms of a model for batch renorm, or for synchronized ones."""

from collections.abc import Callable
from typing import Any

from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.nn.modules.lazy import LazyModuleMixin

from normlib.nn.renorm import BatchRenorm1d, BatchRenorm2d, BatchRenorm3d
from normlib.nn.sync import SyncBatchNorm

__all__ = ["convert_batch_renorm", "convert_sync_batch_norm"]

# Exactly these: a subclass may do more than its replacement would.
RENORM = {
    nn.BatchNorm1d: BatchRenorm1d,
    nn.BatchNorm2d: BatchRenorm2d,
    nn.BatchNorm3d: BatchRenorm3d,
}
SYNCHRONIZED = (*RENORM, nn.SyncBatchNorm)


def convert_batch_renorm(module: nn.Module, **schedule: Any) -> nn.Module:
    """Return `module` with each nn.BatchNorm1d, 2d or 3d in it exchanged for renorm.

    The new layers hold the same parameters and buffers, so an optimizer stays valid,
    and the same hooks, mode, eps and momentum. The schedule of the clips goes on from
    ``num_batches_tracked``: a model trained for longer than 40,000 steps starts with
    the widest clips.

    Parameters
    ----------
    module : nn.Module
        Changed in place. A batch norm that is itself `module` is left as it was, and
        its replacement is returned.
    **schedule : optional
        ``r_max``, ``d_max``, ``start``, ``r_end`` and ``d_end`` of BatchRenorm.

    Returns
    -------
    nn.Module
        `module`, or the replacement of a batch norm.

    Raises
    ------
    ValueError
        If a batch norm is lazy or tracks no running statistics; `module` is unchanged.

    Examples
    --------
    >>> convert_batch_renorm(nn.Sequential(nn.Linear(3, 2), nn.BatchNorm1d(2)))[1].r_max
    3.0
    """

    def renorm(old: _BatchNorm) -> nn.Module:
        return RENORM[type(old)](*_arguments(old), **schedule)

    return _exchange(module, tuple(RENORM), renorm)


def convert_sync_batch_norm(module: nn.Module, process_group: Any = None) -> nn.Module:
    """Return `module` with each batch norm in it exchanged for a synchronized one.

    As `convert_batch_renorm` does, also for torch.nn.SyncBatchNorm, which needs a GPU.

    Parameters
    ----------
    module : nn.Module
        Changed in place, unless it is itself a batch norm.
    process_group : optional
        Processes that share statistics. None: those that a torch.nn.SyncBatchNorm
        has, or all.

    Returns
    -------
    nn.Module
        `module`, or the replacement of a batch norm.

    Raises
    ------
    ValueError
        If a batch norm is lazy; `module` is unchanged.
    """

    def synchronized(old: _BatchNorm) -> nn.Module:
        group = process_group or getattr(old, "process_group", None)
        return SyncBatchNorm(*_arguments(old), group)

    return _exchange(module, SYNCHRONIZED, synchronized)


def _exchange(
    root: nn.Module, kinds: tuple[type, ...], build: Callable[[Any], nn.Module]
) -> nn.Module:
    """Put what `build` returns in the place of each module whose type is in `kinds`."""
    new: dict[nn.Module, nn.Module] = {}
    for name, old in root.named_modules():
        if isinstance(old, _BatchNorm) and isinstance(old, LazyModuleMixin):
            raise ValueError(
                f"{name or 'the module'} is lazy and has no channels yet: run one "
                f"batch through the model, then convert it"
            )
        if type(old) in kinds:
            new[old] = _successor(name, old, build)
    for name, old in list(root.named_modules(remove_duplicate=False)):
        if name and old in new:
            parent, _, child = name.rpartition(".")
            setattr(root.get_submodule(parent), child, new[old])
    return new.get(root, root)


def _successor(
    name: str, old: nn.Module, build: Callable[[Any], nn.Module]
) -> nn.Module:
    """Return ``build(old)`` with all that `old` holds: tensors, hooks, mode, dtype.

    The dictionaries themselves are taken over, so that the handle of a hook can still
    remove it.
    """
    try:
        new = build(old)
    except ValueError as error:
        raise ValueError(f"cannot convert {name or 'the module'}: {error}") from error
    held = {key: v for key, v in vars(old).items() if key != "process_group"}
    vars(new).update(held)
    return new


def _arguments(old: _BatchNorm) -> tuple[int, float, float | None, bool, bool]:
    """Return the arguments that all batch norms have in common."""
    tracks = old.track_running_stats
    return old.num_features, old.eps, old.momentum, old.affine, tracks
