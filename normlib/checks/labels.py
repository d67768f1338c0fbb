"""In which chapter the equations and sections stand that reports name."""

__all__ = ["CHAPTERS", "where"]

CHAPTERS = {
    "preprocessing": "Preprocessing",
    "batch-norm": "Batch normalization",
    "inference": "Inference",
    "batch-renorm": "Batch renormalization",
    "other-norms": "Layer, instance, group and RMS norm",
}
_LABELS = {
    "preprocessing": "sec-preprocessing eq-standardize eq-min-max eq-whiten",
    "batch-norm": (
        "sec-batch-norm eq-moments eq-x-hat eq-batch-norm eq-dx eq-batch-norm-dx "
        "eq-dgamma-dbeta"
    ),
    "inference": (
        "sec-inference eq-running-update eq-merge eq-inference eq-inference-dx eq-fold"
    ),
    "batch-renorm": (
        "sec-batch-renorm eq-r-d eq-renorm-schedule eq-batch-renorm eq-batch-renorm-dx"
    ),
    "other-norms": (
        "sec-other-norms eq-index-sets eq-dx-sets eq-rms-norm eq-rms-norm-dx"
    ),
}
_CHAPTER_OF = {
    label: chapter for chapter, labels in _LABELS.items() for label in labels.split()
}


def where(label: str) -> str:
    """Return how to find a label: its name, and the title of its chapter."""
    return f"{label} in the chapter {CHAPTERS[_CHAPTER_OF[label]]}"
