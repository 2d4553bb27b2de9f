"""What keeps libraries that read files of polygons from looking elsewhere than in those."""

from collections.abc import Mapping
from types import MappingProxyType

# Drivers that look elsewhere than in the file that they are given.
_FOREIGN_DRIVERS = (
    "ADBC,AIVector,AmigoCloud,Carto,CSW,EEDA,Elasticsearch,GDALG,GMLAS,GPSBabel,GTFS,HTTP,"
    "LIBKML,MVT,NGW,OAPIF,OGCAPI,OGR_VRT,PDF,PLSCENES,PMTiles,STACIT,STACTA,VRT,WFS,WMS"
)
# Variables of the environment of a process that reads files of anyone.
FILE_ONLY: Mapping[str, str] = MappingProxyType(
    {
        "OGR_SKIP": _FOREIGN_DRIVERS,
        "GDAL_SKIP": _FOREIGN_DRIVERS,
        "CPL_VSIL_CURL_ALLOWED_FILENAME": "none",
        "GDAL_DISABLE_READDIR_ON_OPEN": "TRUE",
        "PROJ_NETWORK": "OFF",
    }
)
