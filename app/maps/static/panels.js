// The panels laid over the map: legend, list, full screen, territories.
import { count, drawing, element, stageText, tierText } from "./description.js";
import { groundLegend } from "./ground.js";
import { oneStop } from "./toolbar.js";

const NARROW = matchMedia("(max-width: 900px)");

function control(map, position, content) {
  const made = new L.Control({ position });
  made.onAdd = () => {
    L.DomEvent.disableClickPropagation(content);
    L.DomEvent.disableScrollPropagation(content);
    return content;
  };
  return made.addTo(map);
}

function choice(type, name, value, label, checked, onChange) {
  const input = element("input", { type, name, value });
  input.checked = checked;
  input.addEventListener("change", () => onChange(input));
  return element("label", {}, input, " ", label);
}

function swatches(scale, tally) {
  const list = element("ul", { class: "swatches" });
  for (const step of scale) {
    const swatch = element("span", { class: "swatch" });
    swatch.style.setProperty("--fill", step.colour);
    if (step.dashed) swatch.classList.add("dashed");
    list.append(
      element("li", {}, swatch, `${step.label} `, element("small", {}, `(${count(tally(step))})`)),
    );
  }
  return list;
}

// `scales`: [{key, label, steps: [{label, colour, dashed}], tally(step)}]; `onScale(key)`
// recolours; `ground`: [{kind, label}]; `switches`: [{label, checked, toggle(on), colour of
// what it shows, if any}].
export function addLegend(map, { scales, onScale, switches, ground }) {
  const body = element("div");
  const panel = element(
    "details",
    { class: "panel legend" },
    element("summary", {}, "Légende"),
    element("fieldset", {}, element("legend", {}, "Colorer selon")),
    body,
  );
  panel.open = !NARROW.matches;
  const show = (scale) =>
    body.replaceChildren(swatches(scale.steps, scale.tally), groundLegend(ground));
  const choose = (scale) => {
    show(scale);
    onScale(scale.key);
  };
  scales.forEach((scale, index) => {
    panel
      .querySelector("fieldset")
      .append(choice("radio", "scale", scale.key, scale.label, index === 0, () => choose(scale)));
  });
  for (const { label, checked, toggle, colour } of switches) {
    const made = choice("checkbox", "layer", label, label, checked, (box) => toggle(box.checked));
    if (colour) {
      const swatch = element("span", { class: "swatch dashed" });
      swatch.style.setProperty("--fill", colour);
      made.append(" ", swatch);
    }
    panel.append(made);
  }
  show(scales[0]);
  control(map, "bottomleft", panel);
}

// The text alternative of the map: every CPTS, reachable with the keyboard.
export function addList(map, features, onChosen) {
  const list = element("ul");
  const panel = element(
    "details",
    { class: "panel list" },
    element("summary", {}, "Liste"),
    list,
  );
  panel.addEventListener(
    "toggle",
    () => {
      for (const feature of features) {
        const cpts = feature.properties;
        const territory = feature.geometry ? tierText(cpts.tier) : "sans territoire";
        const button = element(
          "button",
          { type: "button" },
          element("strong", {}, cpts.name),
          element("small", {}, `${stageText(cpts)} · ${territory}`),
        );
        button.addEventListener("click", () => {
          if (NARROW.matches) panel.open = false;
          onChosen(feature);
        });
        list.append(element("li", {}, button));
      }
    },
    { once: true },
  );
  control(map, "topright", panel);
}

const corners = () =>
  drawing(
    "svg",
    { viewBox: "0 0 16 16", width: 16, height: 16, "aria-hidden": true },
    drawing("path", { d: "M2 6V2h4M10 2h4v4M14 10v4h-4M6 14H2v-4" }),
  );

export function addFullScreen(map) {
  if (!document.fullscreenEnabled) return;
  const button = element("button", { type: "button", class: "full-screen" }, corners());
  const say = () => {
    const text = document.fullscreenElement ? "Quitter le plein écran" : "Plein écran";
    button.title = text;
    button.setAttribute("aria-label", text);
  };
  say();
  button.addEventListener("click", () =>
    document.fullscreenElement
      ? document.exitFullscreen()
      : document.documentElement.requestFullscreen(),
  );
  document.addEventListener("fullscreenchange", () => {
    say();
    map.invalidateSize();
  });
  control(map, "topleft", element("div", { class: "leaflet-bar" }, button));
}

// The address says what was chosen, not what was left empty.
export function shortenAddress() {
  document.getElementById("search")?.addEventListener("formdata", ({ formData }) => {
    if (!formData.get("q").trim()) formData.delete("q");
  });
}

export function addTerritories(map, territories) {
  if (territories.length === 0) return;
  const nav = document.getElementById("territories");
  for (const { name, bounds } of territories) {
    const button = element("button", { type: "button" }, name);
    button.addEventListener("click", () => map.fitBounds(bounds));
    nav.append(button);
  }
  nav.hidden = false;
  oneStop(nav);
  map.invalidateSize();
}
