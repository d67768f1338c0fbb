"""All cards, by name, in the order of the table."""

from claims import (
    batch_size,
    covariate_shift,
    gradients,
    inference,
    regularization,
    scale,
    speed_of_training,
    transformers,
)
from claims.card import Card

__all__ = ["CARDS"]

FAMILIES = (
    speed_of_training,
    regularization,
    covariate_shift,
    gradients,
    scale,
    inference,
    batch_size,
    transformers,
)
CARDS: dict[str, Card] = {
    card.name: card for family in FAMILIES for card in family.CARDS
}
