// The limits of departments and of regions, never heavier than what the map is about.

// Lines between departments of two regions: outlines of one scale share their points, so
// that an edge of both is written alike, in opposite directions.
export function regionLines({ features }) {
  const owners = new Map();
  const ringsOf = ({ geometry: { type, coordinates } }) =>
    (type === "Polygon" ? [coordinates] : coordinates).flat();
  const each = (ring, visit) => {
    for (let at = 1; at < ring.length; at += 1) visit(ring[at - 1].join(), ring[at].join(), at);
  };
  for (const feature of features) {
    for (const ring of ringsOf(feature)) {
      each(ring, (from, to) => owners.set(`${from} ${to}`, feature.properties.region));
    }
  }
  const lines = [];
  for (const feature of features) {
    const { region } = feature.properties;
    for (const ring of ringsOf(feature)) {
      let last = null;
      each(ring, (from, to, at) => {
        const beyond = owners.get(`${to} ${from}`);
        // Each is drawn once, from the region whose code comes first.
        if (beyond === undefined || beyond <= region) {
          last = null;
          return;
        }
        if (last === null) {
          last = [ring[at - 1]];
          lines.push(last);
        }
        last.push(ring[at]);
      });
    }
  }
  return { type: "MultiLineString", coordinates: lines };
}

// `weight()`, in pixels, of the borders of CPTS.
export function limitLayers(map, colour, weight) {
  // Above the fills, and transparent to the pointer.
  const pane = (name, level) => {
    map.createPane(name).style.zIndex = level;
    map.getPane(name).style.pointerEvents = "none";
    return { pane: name, interactive: false };
  };
  const styles = {
    departments: () => ({ color: colour, weight: weight(), opacity: 0.75, fill: false }),
    regions: () => ({ color: colour, weight: weight() + 1, opacity: 0.85, fill: false }),
  };
  const departments = L.geoJSON(null, { ...pane("departments", 410), style: styles.departments });
  const regions = L.geoJSON(null, { ...pane("regions", 411), style: styles.regions });
  return {
    departments,
    regions,
    draw: (collection) => {
      departments.clearLayers().addData(collection);
      regions.clearLayers().addData(regionLines(collection));
    },
    restyle: () => {
      departments.setStyle(styles.departments);
      regions.setStyle(styles.regions);
    },
  };
}
