// The zones in conciliation: communes that several projects ask for. Nobody is named.
import { count, element, longDate } from "./description.js";
import { tellOnHover } from "./tooltips.js";

const MOST_NAMED = 8;

function named(communes) {
  const names = communes.slice(0, MOST_NAMED).map((commune) => commune.name);
  const more = communes.length - names.length;
  return (more > 0 ? [...names, `${count(more)} de plus`] : names).join(", ");
}

// For those who hear the map.
export const toldZone = ({ communes }) => `Zone en conciliation : ${named(communes)}.`;

function told({ opened_on, communes, population }) {
  return element(
    "article",
    { class: "cpts-popup", tabindex: "-1" },
    element("h2", {}, "Zone en conciliation"),
    element("p", {}, `Depuis le ${longDate(opened_on)}, ${count(population)} habitants.`),
    element("p", {}, `Communes disputées : ${named(communes)}.`),
  );
}

// Over the fills and under the limits of departments.
export function conciliationLayer(map, colour, popupOptions) {
  map.createPane("conciliations").style.zIndex = 405;
  const zones = L.geoJSON(null, {
    pane: "conciliations",
    style: { color: colour, weight: 2.5, dashArray: "7 4", fillColor: colour, fillOpacity: 0.25 },
    onEachFeature: ({ properties }, layer) => {
      layer.bindPopup(() => told(properties), popupOptions());
    },
  });
  const tooltip = tellOnHover(map, zones, () => "Zone en conciliation");
  return { layer: zones, tooltip };
}
