// What a map is about: the communes of its CPTS, or the commune that it was opened from.
export function subjectLayer(map, { marked }, border) {
  map.createPane("communes").style.zIndex = 402;
  map.getPane("communes").style.pointerEvents = "none";
  return L.geoJSON(null, {
    pane: "communes",
    interactive: false,
    style: marked
      ? { color: border, weight: 4, opacity: 1, fill: false, className: "marked" }
      : { color: border, weight: 0.6, opacity: 0.7, fill: false, className: "commune" },
  });
}

function widestFirst(layers) {
  const width = (layer) => layer.getBounds().getEast() - layer.getBounds().getWest();
  return layers
    .map((layer) => [width(layer), layer])
    .sort(([one], [other]) => other - one)
    .map(([, layer]) => layer);
}

// Which names are wanted, as `addLabels` reads them: what the map is about first, then the
// widest.
export function namesOf({ own, marked }, { territories, communes }) {
  const named = (layers, kind) =>
    widestFirst(layers).map((layer) => ({ text: layer.feature.properties.name, layer, kind }));
  // Its own name is the title of a map whose communes are drawn.
  const others = named(territories.filter(({ feature }) => feature.id !== own), "cpts");
  if (!marked) return [...others, ...named(communes, "commune")];
  // A city is named once, whatever its arrondissements.
  const once = widestFirst(communes).slice(0, 1);
  return [...once.map((layer) => ({ text: marked, layer, kind: "marked", always: true })), ...others];
}
