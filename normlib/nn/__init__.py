"""Batch renorm and synchronized batch norm as torch modules.

They take the arguments of torch's batch norm and keep its ``state_dict``, so a trained
model loads in both directions. ``import normlib`` does not load torch; this does.
"""

from normlib.nn.convert import convert_batch_renorm, convert_sync_batch_norm
from normlib.nn.renorm import BatchRenorm1d, BatchRenorm2d, BatchRenorm3d
from normlib.nn.sync import SyncBatchNorm

__all__ = [
    "BatchRenorm1d",
    "BatchRenorm2d",
    "BatchRenorm3d",
    "SyncBatchNorm",
    "convert_batch_renorm",
    "convert_sync_batch_norm",
]
