// A tooltip for all of a layer's territories. Leaflet's own binding lets each of them take
// the focus, which makes hundreds of unnamed stops for the keyboard.

export function tellOnHover(map, layer, content) {
  const tooltip = L.tooltip({ sticky: true });
  const over = ({ layer: each, latlng }) =>
    tooltip.setContent(content(each.feature.properties)).setLatLng(latlng).openOn(map);
  layer.on("mouseover", over);
  layer.on("mousemove", ({ latlng }) => tooltip.setLatLng(latlng));
  layer.on("mouseout remove", () => tooltip.close());
  return {
    show: (each) => over({ layer: each, latlng: each.getBounds().getCenter() }),
    hide: () => tooltip.close(),
  };
}
