// The keyboard on the map itself: one stop, the arrows go from a territory to the next.

const DIRECTIONS = {
  ArrowRight: [1, 0],
  ArrowLeft: [-1, 0],
  ArrowDown: [0, 1],
  ArrowUp: [0, -1],
};

// The territory that lies nearest in a direction, rather ahead than aside. `from` and what
// `pointOf` gives are pixels.
export function nearestAhead(from, [dx, dy], candidates, pointOf) {
  let best = null;
  let least = Infinity;
  for (const candidate of candidates) {
    const point = pointOf(candidate);
    const ahead = (point.x - from.x) * dx + (point.y - from.y) * dy;
    const aside = Math.abs((point.x - from.x) * dy) + Math.abs((point.y - from.y) * dx);
    if (ahead <= 0) continue;
    const cost = Math.hypot(ahead, aside) * (aside > ahead ? 4 : 1);
    if (cost < least) [best, least] = [candidate, cost];
  }
  return best;
}

// `territories()`: the layers that the map is about, where a walk begins; `others()`: those
// around, where it may lead; `mark(layer, on)` shows which one is meant; `tell(layer)` and
// `open(layer)` say what it is, in short and in full.
export function walkWithArrows(map, { territories, others, mark, tell, open }) {
  const container = map.getContainer();
  let current = null;
  const centre = (layer) => layer.getBounds().getCenter();
  const pointOf = (layer) => map.latLngToContainerPoint(centre(layer));

  function choose(layer) {
    if (current) mark(current, false);
    current = layer;
    if (!layer) return;
    if (!map.getBounds().contains(centre(layer))) map.panTo(centre(layer), { animate: false });
    mark(layer, true);
    tell(layer);
  }

  function first() {
    const middle = map.getSize().divideBy(2);
    const far = (layer) => middle.distanceTo(pointOf(layer));
    const nearest = (layers) => layers.reduce((a, b) => (a && far(a) <= far(b) ? a : b), null);
    return nearest(territories()) ?? nearest(others());
  }

  function step(direction) {
    if (!current) return choose(first());
    const ahead = [...territories(), ...others()].filter((layer) => layer !== current);
    const next = nearestAhead(pointOf(current), direction, ahead, pointOf);
    // At the edge the same is told again, so that nothing seems lost.
    choose(next ?? current);
  }

  function leave() {
    if (current) choose(null);
    else container.blur();
  }

  container.addEventListener("keydown", (event) => {
    if (event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
    const { key } = event;
    const inPopup = event.target.closest?.(".leaflet-popup");
    if (key === "Escape" && (inPopup || container.classList.contains("popup-open"))) {
      map.closePopup();
      container.focus({ preventScroll: true });
    } else if (event.target !== container) return;
    else if (key in DIRECTIONS) step(DIRECTIONS[key]);
    else if ((key === "Enter" || key === " ") && current) open(current);
    else if (key === "Escape") leave();
    else return;
    // Leaflet listens further out, and would move the map.
    event.preventDefault();
    event.stopPropagation();
  });
  container.addEventListener("blur", () => {
    if (current) mark(current, false);
  });
  container.addEventListener("focus", () => {
    if (current) mark(current, true);
  });
}
