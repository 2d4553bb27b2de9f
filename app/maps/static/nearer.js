// Nearer, the outlines of the whole country look coarse: the same territories are asked for
// again, finer, for the place that is looked at.
import { fetchDepartments, fetchFiner, fetchWithin, within } from "./data.js";

// `drawn`: {layer, detail} by id; `onDepartments(collection)`, `onMore(features)`, around or
// beyond what was shown first, and `onFiner()` are called with what has come.
export function followView(map, page, drawn, { onDepartments, onMore, onFiner }) {
  const asked = new Set();
  let asking = null;
  const rank = (detail) => page.details.findIndex((step) => step.detail === detail);
  const detailOfZoom = () => page.details.findLast((step) => map.getZoom() >= step.zoom).detail;

  // What is looked at, on a grid that answers can be kept by.
  function boxOfView() {
    const view = map.getBounds();
    const grid = (value, round) => round(value * 4) / 4;
    return [
      Math.max(-180, grid(view.getWest(), Math.floor)),
      Math.max(-90, grid(view.getSouth(), Math.floor)),
      Math.min(180, grid(view.getEast(), Math.ceil)),
      Math.min(90, grid(view.getNorth(), Math.ceil)),
    ];
  }

  const corners = ([west, south, east, north]) => L.latLngBounds([south, west], [north, east]);

  // What lies around what the map is about, where it is looked at, no finer than it is seen.
  const scaleAround = page.around ? page.aroundDetail : page.detail;
  const detailAround = () =>
    rank(detailOfZoom()) < rank(scaleAround) ? detailOfZoom() : scaleAround;
  let surroundings = page.marked ? L.latLngBounds(page.outlined) : null;

  async function lookAround() {
    const address = page.around ?? (page.marked && page.cpts);
    if (!address || surroundings?.contains(map.getBounds())) return;
    const box = boxOfView();
    surroundings = corners(box);
    const detail = detailAround();
    try {
      const { features } = await fetchWithin(address, box, detail);
      const more = features.filter(({ id, geometry }) => geometry && !drawn.has(id));
      onMore(more);
      for (const { id } of more) if (drawn.has(id)) drawn.get(id).detail = detail;
    } catch {
      surroundings = null;
    }
  }

  // Whether something in view came coarser than it would come now.
  const isBehind = () =>
    [...drawn.values()].some(
      ({ layer, detail }) =>
        rank(detail) < rank(detailAround()) && layer.getBounds().intersects(map.getBounds()),
    );

  // Outlines of departments, those drawn and those on their way: {detail, bounds}, these of
  // the whole country when null.
  let outlined = null;
  let coming = null;
  const suit = (outlines) =>
    outlines !== null &&
    rank(outlines.detail) >= rank(detailOfZoom()) &&
    (outlines.bounds === null || outlines.bounds.contains(map.getBounds()));

  // As fine as they are seen, which for a wide place is less than its territories are; around
  // a place, of what is looked at alone.
  async function outline() {
    if (suit(coming)) return;
    coming?.controller.abort();
    coming = null;
    if (suit(outlined)) return;
    const box = page.outlined && boxOfView();
    const address = box ? within(page.departments, box) : page.departments;
    const request = {
      detail: detailOfZoom(),
      bounds: box && corners(box),
      controller: new AbortController(),
    };
    coming = request;
    try {
      await onDepartments(await fetchDepartments(address, request.detail, request.controller.signal));
      outlined = request;
    } catch {
      // The map reads without them; the next move asks again.
      if (coming === request) outlined = null;
    }
    if (coming === request) coming = null;
  }

  async function refine() {
    const wanted = detailOfZoom();
    lookAround();
    outline();
    if (rank(wanted) <= rank(page.detail) && !isBehind()) return;
    const bbox = boxOfView().join(",");
    if (asked.has(wanted + bbox)) return;
    asking?.abort();
    asking = new AbortController();
    try {
      const finer = await fetchFiner(page, wanted, bbox, asking.signal);
      asked.add(wanted + bbox);
      for (const { id, geometry } of finer) {
        const known = drawn.get(id);
        if (!known || !geometry || rank(known.detail) >= rank(wanted)) continue;
        const depth = geometry.type === "MultiPolygon" ? 2 : 1;
        known.layer.setLatLngs(L.GeoJSON.coordsToLatLngs(geometry.coordinates, depth));
        known.detail = wanted;
      }
      onFiner();
    } catch {
      // The coarser outlines stay; the next move asks again.
    }
  }

  return { outline, lookAround, refine };
}
