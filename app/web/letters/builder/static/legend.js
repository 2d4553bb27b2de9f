// What the colours of the map mean.

import { ASKED, CHOSEN, CHOSEN_BORDER, CONFLICT_BORDER, FREE } from "./map-style.js";
import { element } from "./text.js";

function swatch(fill, border, line = "solid", width = 1) {
  const made = element("span", { class: "swatch", "aria-hidden": "true" });
  Object.assign(made.style, { background: fill, border: `${width}px ${line} ${border}` });
  return made;
}

export function showLegend(place, page) {
  const step = (mark, label) => element("li", {}, mark, label);
  place.replaceChildren(
    step(swatch(CHOSEN, CHOSEN_BORDER, "solid", 2), "Territoire"),
    step(swatch(page.stages.at(-1).colour, CONFLICT_BORDER, "dashed", 2), "Territoire, en conflit"),
    step(swatch(FREE, page.border), "Libre"),
    step(swatch(ASKED, page.border), "Demandée par une lettre"),
    ...page.stages.map(({ colour, dashed, label }) => step(swatch(colour, page.border, dashed ? "dashed" : "solid"), label)),
  );
}
