"""Python that runs in the page."""
