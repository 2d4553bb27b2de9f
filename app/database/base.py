"""The declarative base that every table hangs on."""

from geoalchemy2 import Geometry
from sqlalchemy import MetaData
from sqlalchemy.orm import DeclarativeBase

# Constraints get predictable names, because a violated constraint is translated
# into a public error by its name.
NAMING_CONVENTION = {
    "ix": "%(table_name)s_%(column_0_N_name)s_idx",
    "uq": "%(table_name)s_%(column_0_N_name)s_key",
    "ck": "%(table_name)s_%(constraint_name)s_check",
    "fk": "%(table_name)s_%(column_0_N_name)s_fkey",
    "pk": "%(table_name)s_pkey",
}


class Base(DeclarativeBase):
    """Base of all mapped classes."""

    metadata = MetaData(naming_convention=NAMING_CONVENTION)


def multipolygon() -> Geometry:
    """Give the type of a column of MultiPolygons, WGS 84 (EPSG:4326), not indexed by itself."""
    return Geometry("MULTIPOLYGON", srid=4326, spatial_index=False)


def multilinestring() -> Geometry:
    """Give the type of a column of MultiLineStrings, WGS 84 (EPSG:4326), not indexed."""
    return Geometry("MULTILINESTRING", srid=4326, spatial_index=False)
