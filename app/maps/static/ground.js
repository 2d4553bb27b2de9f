// What lies beneath the territories: a blank has one meaning, which the legend tells.
import { drawing, element } from "./description.js";

// Lines for what is outside, dots for what nobody has declared; both on nothing, so that
// the base map stays legible.
function addPatterns(colour) {
  const pattern = (id, ...marks) =>
    drawing("pattern", { id, width: 8, height: 8, patternUnits: "userSpaceOnUse" }, ...marks);
  const holder = drawing(
    "svg",
    { class: "patterns", width: 0, height: 0, "aria-hidden": "true" },
    drawing(
      "defs",
      {},
      pattern(
        "ground-outside",
        drawing("path", { d: "M-2 10L10 -2M-2 2L2 -2M6 10L10 6", stroke: colour, "stroke-width": 0.8, opacity: 0.45 }),
      ),
      pattern("ground-unknown", drawing("circle", { cx: 4, cy: 4, r: 1.4, fill: colour, opacity: 0.6 })),
    ),
  );
  document.body.append(holder);
}

const LABELS = {
  outside: "Hors du territoire choisi",
  unknown: "Territoire non renseigné",
};

export function groundLayer(map, { inside, unknown, narrowed, colour, around }, border, opacity) {
  addPatterns(border);
  map.createPane("ground").style.zIndex = 390;
  const outside = (code) => inside !== null && !inside.includes(code);
  const kindOf = ({ properties: { code } }) => {
    if (outside(code)) return "outside";
    return unknown.includes(code) ? "unknown" : "free";
  };
  const style = (feature) => {
    const kind = kindOf(feature);
    return kind === "free"
      ? { stroke: false, fillColor: colour, fillOpacity: opacity() }
      : { stroke: false, fillColor: `url(#ground-${kind})`, fillOpacity: 1 };
  };
  const layer = L.geoJSON(null, {
    pane: "ground",
    interactive: false,
    style,
    onEachFeature: (feature, each) => {
      each.options.className = `ground-${kindOf(feature)}`;
    },
  });
  const kinds = [
    { kind: "free", label: narrowed ? "Sans CPTS qui réponde à ces critères" : "Sans CPTS" },
    ...(unknown.length > 0 ? [{ kind: "unknown", label: LABELS.unknown }] : []),
    ...(inside ? [{ kind: "outside", label: LABELS.outside }] : []),
    ...(around ? [{ kind: "others", label: around }] : []),
  ];
  return { layer, kinds, restyle: () => layer.setStyle(style) };
}

// The part of the legend that is the same for every scale.
export function groundLegend(kinds) {
  const list = element("ul", { class: "swatches ground" });
  for (const { kind, label } of kinds) {
    list.append(element("li", {}, element("span", { class: `swatch ${kind}` }), label));
  }
  return list;
}
