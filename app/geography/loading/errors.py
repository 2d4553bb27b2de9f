"""What keeps a release from being loaded."""

from app.failures import Failure


class GeographyRefused(Failure):
    """A release cannot be loaded because of what stands; somebody has to settle it."""
