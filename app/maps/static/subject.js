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
