"""The borders between communes, cut into arcs of which outlines are put together."""

from app.geography.borders.service import refresh_borders

__all__ = ["refresh_borders"]
