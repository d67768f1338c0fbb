"""normlib: one kernel behind every normalization layer, in NumPy.

The names below are the library's public ones. ``normlib.checks`` holds the exercises,
``normlib.training`` the network of the experiments; ``normlib.plots`` needs matplotlib.
"""

from normlib.folding import fold_batch_norm
from normlib.kernel import merge_moments, moments, normalize, normalize_vjp
from normlib.layers import (
    batch_norm,
    batch_norm_backward,
    group_norm,
    group_norm_backward,
    instance_norm,
    instance_norm_backward,
    layer_norm,
    layer_norm_backward,
    rms_norm,
    rms_norm_backward,
)
from normlib.preprocessing import MinMaxScaler, Standardizer, Whitener
from normlib.renorm import (
    batch_renorm,
    batch_renorm_backward,
    renorm_corrections,
    renorm_schedule,
)
from normlib.running import RunningStats, batch_norm_inference, recalibrate

__all__ = [
    "MinMaxScaler",
    "RunningStats",
    "Standardizer",
    "Whitener",
    "batch_norm",
    "batch_norm_backward",
    "batch_norm_inference",
    "batch_renorm",
    "batch_renorm_backward",
    "fold_batch_norm",
    "group_norm",
    "group_norm_backward",
    "instance_norm",
    "instance_norm_backward",
    "layer_norm",
    "layer_norm_backward",
    "merge_moments",
    "moments",
    "normalize",
    "normalize_vjp",
    "recalibrate",
    "renorm_corrections",
    "renorm_schedule",
    "rms_norm",
    "rms_norm_backward",
]
__version__ = "0.1.0"
