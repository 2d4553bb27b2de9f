// Names on the map, where there is room: none wider than what it names, none over another.
import { element } from "./description.js";

const LINE_PX = 14;
const MOST_LINES = 3;
const MARGIN_PX = 3;
// What is narrower or lower on the screen has room for no name.
const LEAST_PX = 24;
const SCANS = [0.5, 0.35, 0.65, 0.2, 0.8];

const pen = document.createElement("canvas").getContext("2d");

function polygonsOf(layer) {
  const rings = layer.getLatLngs();
  return Array.isArray(rings[0][0]) ? rings : [rings];
}

const spanOf = (ring, axis) => {
  let least = Infinity;
  let most = -Infinity;
  for (const point of ring) {
    if (point[axis] < least) least = point[axis];
    if (point[axis] > most) most = point[axis];
  }
  return [least, most];
};

// The widest stretch of a polygon along a parallel: [west, east], null when it misses it.
function stretch(rings, lat) {
  const crossings = [];
  for (const ring of rings) {
    for (let at = 0, before = ring.length - 1; at < ring.length; before = at, at += 1) {
      const [a, b] = [ring[before], ring[at]];
      if (a.lat > lat === b.lat > lat) continue;
      crossings.push(a.lng + ((lat - a.lat) / (b.lat - a.lat)) * (b.lng - a.lng));
    }
  }
  crossings.sort((a, b) => a - b);
  let best = null;
  for (let at = 0; at + 1 < crossings.length; at += 2) {
    const [west, east] = [crossings[at], crossings[at + 1]];
    if (!best || east - west > best[1] - best[0]) best = [west, east];
  }
  return best;
}

// Where a name has room in a territory, the most first: [{lat, west, east}], and how high
// that is: {south, north}; degrees.
export function roomOf(layer) {
  let largest = null;
  let most = -1;
  for (const rings of polygonsOf(layer)) {
    const [[south, north], [west, east]] = [spanOf(rings[0], "lat"), spanOf(rings[0], "lng")];
    const extent = (north - south) * (east - west);
    if (extent > most) [largest, most] = [{ rings, south, north }, extent];
  }
  const { rings, south, north } = largest;
  const places = [];
  for (const share of SCANS) {
    const lat = south + (north - south) * share;
    const found = stretch(rings, lat);
    if (found) places.push({ lat, west: found[0], east: found[1] });
  }
  // The middle first, unless another is clearly wider.
  const width = ({ west, east }, at) => (east - west) * (at === 0 ? 1.15 : 1);
  const ranked = places.map((place, at) => [width(place, at), place]);
  ranked.sort(([one], [other]) => other - one);
  return { places: ranked.map(([, place]) => place), south, north };
}

// Breaks a text at its spaces so that no line is wider, if it can be; null if not.
export function broken(text, width, measure) {
  const lines = [""];
  for (const word of text.split(" ")) {
    const longer = lines.at(-1) ? `${lines.at(-1)} ${word}` : word;
    if (measure(longer) <= width) lines[lines.length - 1] = longer;
    else if (measure(word) > width || lines.length === MOST_LINES) return null;
    else lines.push(word);
  }
  return lines;
}

const apart = (one, other) =>
  one.right < other.left || other.right < one.left || one.bottom < other.top || other.bottom < one.top;

// `wanted()`: [{text, layer, kind, always}], the most important first.
export function addLabels(map, wanted) {
  const pane = map.createPane("names");
  pane.style.zIndex = 640;
  pane.style.pointerEvents = "none";
  pane.classList.add("leaflet-zoom-hide");
  pane.setAttribute("aria-hidden", "true");
  const rooms = new WeakMap();
  let shown = true;

  const room = (layer) => {
    const shape = layer.getLatLngs();
    const known = rooms.get(layer);
    if (known?.shape === shape) return known.room;
    const found = roomOf(layer);
    rooms.set(layer, { shape, room: found });
    return found;
  };

  const widths = new Map();
  const measure = (line) => {
    const known = widths.get(line) ?? pen.measureText(line).width;
    widths.set(line, known);
    return known;
  };

  // `frame`: what is seen of the map, in pixels; a name keeps within it.
  function label({ text, kind, always }, there, height, frame) {
    const { x: west, y } = map.latLngToLayerPoint([there.lat, there.west]);
    const { x: east } = map.latLngToLayerPoint([there.lat, there.east]);
    const [from, to] = [Math.max(west, frame.min.x), Math.min(east, frame.max.x)];
    const lines = broken(text, to - from, measure) ?? (always ? [text] : null);
    if (!lines || (!always && lines.length * LINE_PX > height)) return null;
    const half = Math.max(...lines.map(measure)) / 2 + MARGIN_PX;
    const x = (from + to) / 2;
    const above = (lines.length * LINE_PX) / 2;
    if (y - above < frame.min.y || y + above > frame.max.y) return null;
    return { text: lines.join("\n"), kind, x, y, left: x - half, right: x + half, top: y - above, bottom: y + above };
  }

  // The first place where it fits and lies over none of those placed before.
  function place(wish, placed, frame) {
    const { places, south, north } = room(wish.layer);
    const y = (lat) => map.latLngToLayerPoint([lat, 0]).y;
    const height = y(south) - y(north);
    for (const there of places) {
      const made = label(wish, there, height, frame);
      if (made && placed.every((other) => apart(made, other))) return made;
    }
    return null;
  }

  function draw() {
    const placed = [];
    if (shown) {
      const view = map.getBounds();
      const corner = map.containerPointToLayerPoint([0, 0]);
      const frame = L.bounds(corner, corner.add(map.getSize()));
      pen.font = `600 12px ${getComputedStyle(map.getContainer()).fontFamily}`;
      const degree = (256 * 2 ** map.getZoom()) / 360;
      const roomy = (box) =>
        (box.getEast() - box.getWest()) * degree >= LEAST_PX &&
        // A degree of latitude is the higher the farther from the equator, never the lower.
        ((box.getNorth() - box.getSouth()) * degree) / Math.cos((box.getNorth() * Math.PI) / 180) >= LINE_PX;
      for (const each of wanted()) {
        const box = each.layer.getBounds();
        const seen = view.intersects(box) && (each.always || roomy(box));
        const made = seen ? place(each, placed, frame) : null;
        if (made) placed.push(made);
      }
    }
    pane.replaceChildren(
      ...placed.map(({ text, kind, x, y }) => {
        const name = element("span", { class: `map-name ${kind}` }, text);
        name.style.transform = `translate(${Math.round(x)}px, ${Math.round(y)}px) translate(-50%, -50%)`;
        return name;
      }),
    );
  }

  map.on("moveend", draw);
  return {
    draw,
    show: (on) => {
      shown = on;
      draw();
    },
  };
}
