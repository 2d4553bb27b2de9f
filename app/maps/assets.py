"""What the pages of maps load besides data: Leaflet, and the map's own script and style."""

from pathlib import Path

from xstatic.pkg import leaflet

from app.http.static_files import StaticFolder

LEAFLET = StaticFolder(
    "leaflet",
    Path(leaflet.BASE_DIR),
    patterns=("leaflet.js", "leaflet.css", "images/*.png"),
    version=leaflet.PACKAGE_VERSION,
)
MAPS = StaticFolder("maps", Path(__file__).parent / "static")
FOLDERS = (LEAFLET, MAPS)
