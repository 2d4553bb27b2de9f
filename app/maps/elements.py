"""Folium's side of the page: the map, and an element of ours that brings the data by URL.

Folium takes about a third of a second to import, hence only `app.maps.page` imports
this module, and late. Branca renders what a macro has written a second time as a Jinja
template: a text must not reach the page through a macro unless `script_json` wrote it.
"""

import json
import re
from typing import Any

import folium
from branca.element import Figure, MacroElement
from folium.elements import JSCSSMixin
from folium.template import Template
from jinja2 import Environment

from app.maps.assets import LEAFLET, MAPS

_JSON_STRING = re.compile(r'"(?:[^"\\]|\\.)*"')
# `<` would end the script, `{` would open a Jinja expression in Branca's second pass.
_ESCAPES = str.maketrans({char: f"\\u{ord(char):04x}" for char in "<>&'`{}%#"})


def script_json(value: Any) -> str:
    """Write a JSON value so that it is only data, inside a script and to Jinja.

    Quotes, backslashes and all that is not ASCII are escaped by JSON itself.
    """
    return _JSON_STRING.sub(
        lambda found: found.group().translate(_ESCAPES), json.dumps(value, ensure_ascii=True)
    )


class MapPage(Figure):
    """The document around the map. Texts are rendered here, once and escaped."""

    _template = Environment(autoescape=True).from_string(
        (MAPS.directory.parent / "templates" / "page.html").read_text(encoding="utf-8")
    )

    def __init__(self, **texts: Any) -> None:
        super().__init__(title=texts["title"])
        self.texts = texts
        self.icon = MAPS.address("icon.svg")
        self.leaflet = LEAFLET.address("leaflet.js")
        self.program_parts = [
            MAPS.address(file)
            for file in (
                "around.js",
                "conciliations.js",
                "data.js",
                "description.js",
                "facts.js",
                "ground.js",
                "insets.js",
                "labels.js",
                "limits.js",
                "nearer.js",
                "panels.js",
                "subject.js",
                "toolbar.js",
                "tooltips.js",
                "walk.js",
            )
        ]


class LocalMap(folium.Map):
    """A Folium map that takes Leaflet from this service and drops what it does not need.

    Of Folium's header only what the map uses is kept: its viewport forbids zooming with
    fingers, which people with low sight need.
    """

    _template = Template(
        """
        {% macro header(this, kwargs) %}
            <script>
                L_NO_TOUCH = false;
                L_DISABLE_3D = false;
            </script>
        {% endmacro %}
        {% macro html(this, kwargs) %}{{ this.folium_macro("html", kwargs) }}{% endmacro %}
        {% macro script(this, kwargs) %}{{ this.folium_macro("script", kwargs) }}{% endmacro %}
        """
    )

    def __init__(self, **options: Any) -> None:
        super().__init__(tiles=None, zoom_control=False, **options)
        # At the end of the page (`page.html`), not in its head.
        self.default_js = []
        self.default_css = [("leaflet_css", LEAFLET.address("leaflet.css"))]
        # Folium's names are random; the page must be the same in every worker.
        self._id = "cpts"

    def folium_macro(self, name: str, kwargs: Any) -> str:
        """Render a macro of Folium's own template for this map."""
        return str(getattr(folium.Map._template.module, name)(self, kwargs))  # noqa: SLF001


class FirstView(folium.FitBounds):
    """The box shown at first, without the flight to it."""

    def __init__(self, corners: list[list[float]]) -> None:
        super().__init__(corners)
        self.options["animate"] = False


class BaseMap(folium.TileLayer):
    """The tiles beneath, under a name that does not change from page to page."""

    def __init__(self, address: str, attribution: str, max_zoom: int) -> None:
        super().__init__(tiles=address, attr=attribution, max_zoom=max_zoom, control=False)
        self._id = "basemap"


class CptsByAddress(JSCSSMixin):
    """CPTS that the browser fetches, draws and explains; `MAPS` holds the program."""

    _template = Template(
        """
        {% macro header(this, kwargs) %}
            <script type="module" src="{{ this.program }}"></script>
        {% endmacro %}
        {% macro script(this, kwargs) %}
            window.cptsMap = {
                map: {{ this._parent.get_name() }},
                basemap: {{ this.basemap }},
                page: {{ this.page }},
            };
        {% endmacro %}
        """
    )

    def __init__(self, page: dict[str, Any], basemap: MacroElement | None) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.default_css = [("cpts_css", MAPS.address("map.css"))]
        self._id = "data"
        self.program = MAPS.address("map.js")
        self.page = script_json(page)
        self.basemap = basemap.get_name() if basemap else "null"
