"""Headline results of the papers as cards: theirs, ours, and a claim with a margin.

``python -m claims`` measures every card on seeds that were not used to choose its
settings. ``claims.catalog.CARDS`` holds the cards, ``claims.table`` the saved table.
"""
