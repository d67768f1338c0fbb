"""All exercises, in the order of the book."""

from normlib.checks.bank import (
    batch_norm,
    batch_norm_backward,
    batch_renorm,
    inference,
    other_norms,
    other_norms_backward,
    preprocessing,
)
from normlib.checks.exercise import Exercise

__all__ = ["EXERCISES"]

EXERCISES: dict[str, Exercise] = {
    exercise.name: exercise
    for exercise in (
        preprocessing.standardize,
        preprocessing.whiten,
        batch_norm.forward,
        batch_norm_backward.backward,
        batch_norm.conv,
        inference.running_update,
        inference.batch_norm_inference,
        inference.fold_batch_norm,
        batch_renorm.forward,
        batch_renorm.backward,
        other_norms.layer_norm_forward,
        other_norms_backward.layer_norm_backward,
        other_norms.instance_norm,
        other_norms.group_norm,
        other_norms.rms_norm,
        other_norms_backward.rms_norm_backward,
    )
}
