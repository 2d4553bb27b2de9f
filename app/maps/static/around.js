// CPTS around what the map is about: there, and not meant.
import { tooltip } from "./description.js";
import { tellOnHover } from "./tooltips.js";

// `about(feature, layer)` is told of each; `weight()` of their borders, in pixels.
export function aroundLayer(map, { around, aroundOpacity, border }, weight, about) {
  map.createPane("around").style.zIndex = 395;
  const style = () => ({
    color: border,
    weight: weight(),
    opacity: 0.45,
    fillColor: around,
    fillOpacity: aroundOpacity,
    className: "others",
  });
  const layer = L.geoJSON(null, {
    pane: "around",
    style,
    onEachFeature: (feature, each) => about(feature, each),
  });
  return { layer, tooltip: tellOnHover(map, layer, tooltip), restyle: () => layer.setStyle(style) };
}
