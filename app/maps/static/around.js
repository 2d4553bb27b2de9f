// CPTS around what the map is about: there, and not meant.

// `about(layer)` binds what they tell; `weight()` of their borders, in pixels.
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
  return { layer, restyle: () => layer.setStyle(style) };
}

// Those of a place's surroundings that lie outside of it: what is inside and not shown does
// not answer to the filter. `inside`: codes of departments, if any; `within`: a box, if any.
export function outsideOf(features, known, { inside, within }) {
  const box = within && L.latLngBounds(within);
  return features.filter(({ id, geometry, properties }) => {
    if (known.has(id) || geometry === null) return false;
    if (inside && properties.departments.some((code) => inside.includes(code))) return false;
    return !box || !box.intersects(L.geoJSON(geometry).getBounds());
  });
}
