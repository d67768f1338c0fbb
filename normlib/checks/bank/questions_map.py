"""Questions on what layers average over and store."""

from normlib.checks.by_hand import Choice, Number, Slip

__all__ = ["MAP"]

MAP: tuple[Number | Choice, ...] = (
    Number(
        "means-of-four-layers",
        "map",
        "`x` has shape (8, 6, 4, 4): 8 images of 6 channels.\n"
        "How many means do these layers take: batch norm, layer norm, group norm with "
        "2 groups, instance norm? Give the four numbers in this order.",
        (6, 8, 16, 48),
        (
            Slip(
                "values-in-a-mean",
                (128, 96, 48, 16),
                "Those are the values that go into one mean; asked is how many means.",
            ),
            Slip(
                "four-images",
                (6, 4, 8, 24),
                "So it is in the figure, which has four images; here are eight.",
            ),
            Slip(
                "batch-and-layer-swapped",
                (8, 6, 16, 48),
                "Batch norm averages over the images: it has a mean for each channel.",
            ),
            Slip(
                "groups-over-the-batch",
                (6, 8, 2, 48),
                "Group norm looks at one image: it has two means in each of the eight.",
            ),
            Slip(
                "channels-in-a-group",
                (6, 8, 24, 48),
                "Two groups of three channels, not three groups.",
            ),
            Slip(
                "instance-as-batch",
                (6, 8, 16, 6),
                "Instance norm has a mean for each channel of each image.",
            ),
        ),
        (
            "Each mean belongs to one color of the figure. It has four images: add "
            "four rows, and count colors.",
            "A layer has a mean for each index that it does not average over.",
            "Channels; images; images times groups; images times channels.",
        ),
        "6 channels; 8 images; 8 · 2 groups; 8 · 6 channels of images.",
        tolerance=1e-9,
    ),
    Number(
        "numbers-in-a-checkpoint",
        "map",
        "An `nn.BatchNorm2d(64)` follows a convolution and sees images of 64 channels "
        "and 32 by 32 pixels.\n"
        "How many numbers does it learn, and how many more does its checkpoint (its "
        "`state_dict`) hold? Give the two numbers.",
        (128, 129),
        (
            Slip(
                "counter-forgotten",
                (128, 128),
                "One is missing: the number of batches that it has seen.",
            ),
            Slip("all-learned", (256, 0), "Running statistics are not learned."),
            Slip(
                "all-learned-and-a-counter",
                (256, 1),
                "Running statistics are not learned.",
            ),
            Slip(
                "one-for-each-pixel",
                (131072, 131073),
                "A channel has one mean, over all positions of all images.",
            ),
            Slip(
                "one-each",
                (64, 65),
                "A scale and a shift are learned, a mean and a variance tracked.",
            ),
        ),
        (
            "Numbers belong to channels; pixels have none of their own.",
            "Learned: a scale and a shift. Tracked: a mean and a variance.",
            "And one number for the whole layer: how many batches it has seen.",
        ),
        "2 · 64 = 128 are learned; 2 · 64 running statistics and one counter make 129.",
        tolerance=1e-9,
    ),
)
