// A rectangle or a polygon drawn on the map, with mouse, finger or pen; Escape gives up.

const STYLE = { color: "#1c2430", weight: 2, dashArray: "6 4", fillColor: "#1c2430", fillOpacity: 0.12, interactive: false };
// A second tap this near the first corner, in pixels, closes the polygon.
const CLOSE_BY = 14;
// A rectangle smaller than this was a slip of the hand.
const SMALLEST = 6;

export class Drawing {
  // `onShape(geometry)` receives a GeoJSON polygon; `onMode(mode)` null, "rectangle" or "polygon".
  constructor(territoryMap, { onShape, onMode }) {
    this.territoryMap = territoryMap;
    this.map = territoryMap.map;
    this.onShape = onShape;
    this.onMode = onMode;
    this.mode = null;
    const container = this.map.getContainer();
    container.addEventListener("pointerdown", (event) => this.#down(event), true);
    container.addEventListener("pointermove", (event) => this.#move(event), true);
    container.addEventListener("pointerup", (event) => this.#up(event), true);
    container.addEventListener("pointercancel", () => this.#forget(), true);
    // What the tool has used up is no click on a commune and no zoom.
    for (const name of ["click", "dblclick", "mousedown", "touchstart"]) {
      container.addEventListener(name, (event) => this.#swallow(event), true);
    }
    document.addEventListener("keydown", (event) => this.#key(event));
  }

  start(mode) {
    const again = this.mode === mode;
    this.stop();
    if (again) return;
    this.mode = mode;
    this.territoryMap.drawing = true;
    this.map.dragging.disable();
    this.map.doubleClickZoom.disable();
    this.map.getContainer().classList.add("drawing");
    this.onMode(mode);
  }

  stop() {
    if (this.mode === null) return;
    this.#forget();
    this.mode = null;
    this.map.dragging.enable();
    this.map.doubleClickZoom.enable();
    this.map.getContainer().classList.remove("drawing");
    this.onMode(null);
    // The click that ends a shape is still on its way.
    setTimeout(() => {
      if (this.mode === null) this.territoryMap.drawing = false;
    });
  }

  #forget() {
    this.shape?.remove();
    this.shape = null;
    this.corners = [];
    this.from = null;
  }

  #ours(event) {
    return this.mode !== null && !event.target.closest?.(".leaflet-control");
  }

  #swallow(event) {
    if (this.#ours(event)) event.stopPropagation();
  }

  #at(event) {
    return this.map.mouseEventToContainerPoint(event);
  }

  #down(event) {
    if (!this.#ours(event) || !event.isPrimary) return;
    event.stopPropagation();
    if (this.mode === "rectangle") {
      this.from = this.#at(event);
      this.map.getContainer().setPointerCapture(event.pointerId);
    }
  }

  #move(event) {
    if (!this.#ours(event) || !event.isPrimary) return;
    const here = this.map.containerPointToLatLng(this.#at(event));
    if (this.mode === "rectangle" && this.from) {
      this.#draw(L.rectangle(L.latLngBounds(this.map.containerPointToLatLng(this.from), here), STYLE));
    } else if (this.mode === "polygon" && this.corners?.length) {
      this.#draw(L.polygon([...this.corners, here], STYLE));
    }
  }

  #draw(shape) {
    this.shape?.remove();
    this.shape = shape.addTo(this.map);
  }

  #up(event) {
    if (!this.#ours(event) || !event.isPrimary) return;
    event.stopPropagation();
    const point = this.#at(event);
    if (this.mode === "polygon") this.#corner(point);
    else if (this.from) this.#closeRectangle(point);
  }

  #closeRectangle(point) {
    const { from } = this;
    if (Math.abs(point.x - from.x) < SMALLEST || Math.abs(point.y - from.y) < SMALLEST) {
      this.#forget();
      return;
    }
    const bounds = L.latLngBounds(this.map.containerPointToLatLng(from), this.map.containerPointToLatLng(point));
    this.#finish([bounds.getSouthWest(), bounds.getSouthEast(), bounds.getNorthEast(), bounds.getNorthWest()]);
  }

  #corner(point) {
    const near = (corner) => this.map.latLngToContainerPoint(corner).distanceTo(point) < CLOSE_BY;
    this.corners ??= [];
    const [first] = this.corners;
    const last = this.corners.at(-1);
    // A tap on the first corner, or a double tap, closes.
    if (this.corners.length >= 3 && (near(first) || near(last))) {
      this.#finish(this.corners);
      return;
    }
    if (last && near(last)) return;
    this.corners.push(this.map.containerPointToLatLng(point));
    this.#draw(L.polygon(this.corners, STYLE));
  }

  #key(event) {
    if (this.mode === null) return;
    if (event.key === "Escape") {
      this.stop();
    } else if (this.mode === "polygon" && event.key === "Enter" && this.corners?.length >= 3) {
      event.preventDefault();
      this.#finish(this.corners);
    } else if (this.mode === "polygon" && event.key === "Backspace" && this.corners?.length) {
      event.preventDefault();
      this.corners.pop();
      this.#draw(L.polygon(this.corners, STYLE));
    }
  }

  #finish(corners) {
    const ring = corners.map(({ lng, lat }) => [lng, lat]);
    this.stop();
    this.onShape({ type: "Polygon", coordinates: [[...ring, ring[0]]] });
  }
}
