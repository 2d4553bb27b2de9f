// What the map of the country leaves out or shows too small, drawn beside it: territories
// overseas, and Paris with its suburbs. A press goes there, as the buttons above the map do.
import { drawing, element } from "./description.js";

const [WIDTH_PX, HEIGHT_PX] = [92, 68];
// Narrower maps have no room for them beside the country.
const LEAST_WIDTH_PX = 800;
const LEAST_HEIGHT_PX = 420;

// Web Mercator, as the map has it, fitted into the drawing.
function projectionOf(bounds) {
  const point = ([lng, lat]) => L.CRS.EPSG3857.latLngToPoint(L.latLng(lat, lng), 0);
  const [[south, west], [north, east]] = bounds;
  const [low, high] = [point([west, south]), point([east, north])];
  const scale = Math.min(WIDTH_PX / (high.x - low.x), HEIGHT_PX / (low.y - high.y)) * 0.96;
  const left = (WIDTH_PX - (high.x - low.x) * scale) / 2;
  const top = (HEIGHT_PX - (low.y - high.y) * scale) / 2;
  return (position) => {
    const { x, y } = point(position);
    return [(x - low.x) * scale + left, (y - high.y) * scale + top];
  };
}

function pathOf({ type, coordinates }, project) {
  const rings = (type === "Polygon" ? [coordinates] : coordinates).flat();
  return rings
    .map((ring) => `M${ring.map((at) => project(at).map((n) => n.toFixed(1)).join(" ")).join("L")}Z`)
    .join("");
}

const meets = (geometry, [[south, west], [north, east]]) => {
  const rings = (geometry.type === "Polygon" ? [geometry.coordinates] : geometry.coordinates).flat();
  return rings.some((ring) =>
    ring.some(([lng, lat]) => lng >= west && lng <= east && lat >= south && lat <= north),
  );
};

// `places`: [{name, bounds}]; `style(feature)`, as Leaflet has it; `ground`, a colour.
export function addInsets(map, places, { style, ground, border }) {
  const frames = places.map(({ name, bounds }) => {
    const svg = drawing("svg", { viewBox: `0 0 ${WIDTH_PX} ${HEIGHT_PX}`, width: WIDTH_PX, height: HEIGHT_PX });
    const frame = element("div", { class: "inset", title: name }, svg, element("span", {}, name));
    frame.addEventListener("click", () => map.fitBounds(bounds));
    return { frame, svg, bounds, project: projectionOf(bounds), painted: [] };
  });
  // Those who hear the page, or use its keys, have the buttons and the list.
  const box = element("div", { class: "insets", "aria-hidden": "true" }, ...frames.map(({ frame }) => frame));
  const made = new L.Control({ position: "topright" });
  made.onAdd = () => {
    L.DomEvent.disableClickPropagation(box);
    return box;
  };
  made.addTo(map);
  const from = map.getZoom();
  const settle = () => {
    const { x, y } = map.getSize();
    box.hidden = x < LEAST_WIDTH_PX || y < LEAST_HEIGHT_PX || map.getZoom() > from + 1;
  };
  map.on("zoomend resize", settle);
  settle();

  function paint(path, feature) {
    const { fillColor, fillOpacity, dashArray } = style(feature);
    path.setAttribute("fill", fillColor);
    path.setAttribute("fill-opacity", fillOpacity);
    path.setAttribute("stroke-dasharray", dashArray ?? "none");
  }

  return {
    draw: (features, departments) => {
      for (const each of frames) {
        const shapes = (found, attributes) =>
          found
            .filter(({ geometry }) => geometry !== null && meets(geometry, each.bounds))
            .map((feature) => [feature, drawing("path", { ...attributes, d: pathOf(feature.geometry, each.project) })]);
        const land = shapes(departments, { fill: ground });
        each.painted = shapes(features, { stroke: border, "stroke-width": 0.6 });
        const limits = shapes(departments, { fill: "none", stroke: border, "stroke-width": 0.6, "stroke-opacity": 0.75 });
        for (const [feature, path] of each.painted) paint(path, feature);
        each.svg.replaceChildren(...[land, each.painted, limits].flat().map(([, path]) => path));
      }
    },
    restyle: () => {
      for (const { painted } of frames) for (const [feature, path] of painted) paint(path, feature);
    },
  };
}
