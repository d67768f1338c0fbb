"""All exercises, in the order of the book."""

from normlib.checks.bank import (
    batch_norm,
    batch_norm_backward,
    batch_norm_conv_backward,
    batch_renorm_backward,
    batch_renorm_statistics,
    folding,
    ghost_batch_norm,
    group_norm,
    group_norm_backward,
    inference,
    inference_backward,
    instance_norm,
    instance_norm_backward,
    layer_norm,
    layer_norm_backward,
    layer_norm_tokens,
    masked_batch_norm,
    merging,
    min_max,
    questions_batch_norm,
    questions_distributed,
    questions_failures,
    questions_field_guide,
    questions_inference,
    questions_layers,
    questions_other_norms,
    questions_preprocessing,
    questions_renorm,
    questions_training,
    questions_transformers,
    questions_why,
    rates_without_decay,
    renorm_corrections,
    renorm_schedule,
    rms_norm,
    rms_norm_backward,
    running,
    standardizing,
    weight_standardization,
    whitening,
)
from normlib.checks.by_hand import Choice, Number
from normlib.checks.exercise import Exercise

__all__ = ["EXERCISES", "QUESTIONS"]

EXERCISES: dict[str, Exercise] = {
    exercise.name: exercise
    for exercise in (
        standardizing.standardize,
        min_max.min_max_scale,
        whitening.whiten,
        batch_norm.forward,
        batch_norm_backward.backward,
        batch_norm.conv,
        batch_norm_conv_backward.conv_backward,
        masked_batch_norm.masked_batch_norm,
        running.running_update,
        merging.merge_moments,
        inference.batch_norm_inference,
        inference_backward.batch_norm_inference_backward,
        folding.fold_batch_norm,
        rates_without_decay.rates_without_decay,
        ghost_batch_norm.ghost_batch_norm,
        renorm_corrections.renorm_corrections,
        renorm_schedule.renorm_schedule,
        batch_renorm_statistics.forward,
        batch_renorm_backward.backward,
        layer_norm.layer_norm_forward,
        layer_norm_tokens.layer_norm_tokens,
        layer_norm_backward.layer_norm_backward,
        instance_norm.instance_norm,
        instance_norm_backward.instance_norm_backward,
        group_norm.group_norm,
        group_norm_backward.group_norm_backward,
        rms_norm.rms_norm,
        rms_norm_backward.rms_norm_backward,
        weight_standardization.weight_standardize,
    )
}

QUESTIONS: dict[str, Number | Choice] = {
    question.name: question
    for question in (
        *questions_preprocessing.PREPROCESSING,
        *questions_batch_norm.BATCH_NORM,
        *questions_training.TRAINING,
        *questions_inference.INFERENCE,
        *questions_why.WHY,
        *questions_failures.FAILURES,
        *questions_renorm.BATCH_RENORM,
        *questions_other_norms.OTHER_NORMS,
        *questions_layers.LAYERS,
        *questions_transformers.TRANSFORMERS,
        *questions_field_guide.FIELD_GUIDE,
        *questions_distributed.DISTRIBUTED,
    )
}
