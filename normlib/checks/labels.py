"""Where in the book the equations stand that reports name."""

__all__ = ["CHAPTERS", "where"]

CHAPTERS = {  # in the order of the book, from number 0, which stands unnumbered
    "map": "Map and conventions",
    "preprocessing": "Preprocessing",
    "hidden-layers": "Why hidden layers need it",
    "batch-norm": "Batch normalization, forward",
    "batch-norm-backward": "Batch normalization, backward by hand",
    "axes": "Axes: sequences and images",
    "training": "Training with batch norm",
    "inference": "Inference",
    "why": "Why does it work?",
    "failures": "When batch norm fails",
    "batch-renorm": "Batch renormalization",
    "other-norms": "Other axes: layer, instance, group and RMS norm",
    "transformers": "Depth and transformers",
    "field-guide": "Field guide and bug clinic",
    "distributed": "Batches split over several processes",
}
# The number of each equation within its chapter; a test compares them with the book.
_EQUATIONS = {
    "preprocessing": {"eq-standardize": 5, "eq-min-max": 8, "eq-whiten": 9},
    "hidden-layers": {"eq-fan-in": 1, "eq-glorot": 2, "eq-relu-half": 3, "eq-he": 4},
    "batch-norm": {
        "eq-moments": 1,
        "eq-x-hat": 2,
        "eq-batch-norm": 3,
    },
    "batch-norm-backward": {
        "eq-dgamma-dbeta": 1,
        "eq-dx": 2,
        "eq-batch-norm-dx": 3,
    },
    "axes": {
        "eq-index-sets": 1,
        "eq-padded-moments": 2,
        "eq-masked-moments": 3,
    },
    "training": {"eq-bias-in-mean": 3},
    "inference": {
        "eq-inference": 1,
        "eq-running-update": 2,
        "eq-merge": 7,
        "eq-inference-dx": 8,
        "eq-fold": 9,
    },
    "why": {"eq-effective-rate": 4, "eq-weight-decay": 5},
    "failures": {"eq-ghost": 6},
    "batch-renorm": {
        "eq-r-d": 1,
        "eq-batch-renorm": 2,
        "eq-batch-renorm-dx": 3,
        "eq-renorm-schedule": 4,
    },
    "other-norms": {
        "eq-rms-norm": 1,
        "eq-dx-sets": 2,
        "eq-rms-norm-dx": 3,
    },
    "transformers": {"eq-pre-post": 1},
    "field-guide": {"eq-factor-cancels": 2},
    "distributed": {"eq-sync-dx": 2},
}
_PLACES = {
    label: (f"equation ({number}.{place}), {label}, in ", chapter)
    for number, chapter in enumerate(CHAPTERS)
    for label, place in _EQUATIONS.get(chapter, {}).items()
} | {f"sec-{chapter}": ("", chapter) for chapter in CHAPTERS}


def where(label: str) -> str:
    """Return how to find a label: the equation, if it is one, and the chapter."""
    equation, chapter = _PLACES[label]
    return f"{equation}the chapter {CHAPTERS[chapter]}"
