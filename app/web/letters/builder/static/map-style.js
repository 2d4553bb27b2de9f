// How a commune is drawn, and which commune lies at a place.

export const CHOSEN = "#d6006c";
export const CHOSEN_BORDER = "#6b0036";
export const CONFLICT_BORDER = "#c1121f";
export const ASKED = "#b79cf2";
export const FREE = "#ffffff";

// `shown`: what the draft holds. Far away, only the territory itself stays.
export function styleOf(properties, shown, page, zoom) {
  const chosen = shown.codes.has(properties.code);
  const held = properties.cpts !== null && properties.cpts !== shown.cpts;
  const stage = page.stages.find(({ slug }) => slug === properties.stage);
  const free = properties.asked ? ASKED : FREE;
  const style = {
    stroke: true,
    color: page.border,
    weight: 0.6,
    opacity: 0.7,
    dashArray: held && stage?.dashed ? "3 3" : null,
    fillColor: held ? (stage?.colour ?? "#b9bec5") : free,
    fillOpacity: held || properties.asked ? 0.62 : 0.3,
  };
  if (!chosen) return zoom < 8 ? { ...style, stroke: false, fillOpacity: 0 } : style;
  return {
    ...style,
    color: held ? CONFLICT_BORDER : CHOSEN_BORDER,
    weight: shown.locked.has(properties.code) ? 4 : 2.2,
    opacity: 1,
    dashArray: properties.asked || held ? "6 4" : null,
    fillColor: held ? style.fillColor : CHOSEN,
    fillOpacity: held ? 0.75 : 0.5,
  };
}

function inRing(ring, x, y) {
  let inside = false;
  for (let i = 0, j = ring.length - 1; i < ring.length; j = i, i += 1) {
    const [xi, yi] = ring[i];
    const [xj, yj] = ring[j];
    if (yi > y !== yj > y && x < ((xj - xi) * (y - yi)) / (yj - yi) + xi) inside = !inside;
  }
  return inside;
}

// Every ring turns the answer around once, so that holes need no rule of their own.
const holds = (geometry, x, y) =>
  geometry.coordinates.flat().filter((ring) => inRing(ring, x, y)).length % 2 === 1;

export function featureAt(features, x, y) {
  for (const feature of features) if (holds(feature.geometry, x, y)) return feature;
  return null;
}
