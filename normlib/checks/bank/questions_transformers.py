"""Questions on depth and transformers: a number, or a letter."""

from normlib.checks.by_hand import Choice, Number, Slip

__all__ = ["TRANSFORMERS"]

TRANSFORMERS: tuple[Number | Choice, ...] = (
    Number(
        "stream-growth",
        "transformers",
        "A pre-LN transformer has 6 blocks of two branches. Its stream starts with "
        "mean square 1, and each branch adds an independent output of mean square "
        "1/2. By the law of this chapter, how many times as large is the gradient with "
        "respect to the stream before the first branch as after the last?",
        2.645751,
        (
            Slip(
                "mean-square-for-root",
                7,
                "That is the growth of the mean square; the gradient goes by its root.",
            ),
            Slip(
                "blocks-for-branches",
                2,
                "That counts 6 branches; each block has two.",
            ),
            Slip(
                "variance-one-per-branch",
                3.605551,
                "That adds 1 for each branch; it is 1/2.",
            ),
            Slip(
                "upside-down",
                0.377964,
                "Turned round: the gradient is larger where the stream is smaller.",
            ),
            Slip(
                "multiplied",
                11.390625,
                "That multiplies by 3/2 at each branch; with a norm before it, a "
                "branch adds 1/2 whatever the stream is.",
            ),
        ),
        (
            "What is the mean square of the stream after 12 branches?",
            "1 + 12/2 = 7. The gradient goes like one over the root of it.",
            "√7 : √1.",
        ),
        "The mean square grows from 1 to 1 + 12/2 = 7, so σ grows by √7 = 2.646, and "
        "the gradient falls by that.",
    ),
    Choice(
        "deeper",
        "transformers",
        "A transformer at initialization grows from 8 to 32 blocks. Its stream starts "
        "small beside what the branches add. What happens to the gradient of the last "
        "block's weights?",
        {
            "a": "It about halves with pre-LN, and stays about the same with post-LN.",
            "b": "It about halves with both.",
            "c": "It stays about the same with pre-LN, and about doubles with post-LN.",
            "d": "It falls to about a quarter with pre-LN, and stays with post-LN.",
        },
        "a",
        {
            "b": "In post-LN each sum is normalized, so the last block cannot tell how "
            "deep it stands.",
            "c": "That is the first block of pre-LN, for which depth makes no "
            "difference.",
            "d": "The mean square of the stream grows fourfold; the gradient goes by "
            "its root.",
        },
        (
            "Which norm does the gradient of the last block pass on its way?",
            "With pre-LN, the last norm divides it by the deviation of the stream "
            "after all blocks.",
            "That deviation grows like the root of their number, and the root of 4 is "
            "2.",
        ),
        "With pre-LN the last norm divides by a σ that grows like the root of the "
        "depth; with post-LN every sum, also the last, has the same size.",
    ),
    Choice(
        "rms-gradient-sums",
        "transformers",
        "With ε = 0 and any upstream gradient, what holds for the gradient dx that RMS "
        "norm passes to one token x?",
        {
            "a": "Σ dx = 0 only.",
            "b": "Σ dx·x = 0 only.",
            "c": "Both, as for layer norm.",
            "d": "Neither.",
        },
        "b",
        {
            "a": "No mean is subtracted, so a shift of x does change the output.",
            "c": "Layer norm ignores a shift and a scale; RMS norm only one of them.",
            "d": "Scaling x by a positive number does not change the output.",
        },
        (
            "A change of x that the output ignores has no component in dx.",
            "Which changes does RMS norm ignore: adding a number, or multiplying?",
            "Moving along x itself multiplies x.",
        ),
        "The output ignores the length of x, so dx has no part along x; it does not "
        "ignore a shift.",
    ),
)
