// The uncovered communes nearby, each to be seen and added.

import { findNearby } from "./api.js";
import { button, counted, element, inhabitants, kilometres } from "./text.js";

function heading({ ring, items }) {
  if (items.length === 0) return "Aucune commune libre à proximité";
  const where = ring === 1 ? "au contact du territoire" : "les plus proches, sans contact avec le territoire";
  return `${counted(items.length, "commune libre", "communes libres")}, ${where}`;
}

function distance({ shared_border_km: shared, distance_km: far }, ring) {
  if (shared !== null) return `frontière de ${kilometres(shared)}`;
  return far === null ? `à ${counted(ring - 1, "commune")} de distance` : `à ${kilometres(far)}`;
}

export class Nearby {
  // `opener` takes the focus back when the list is closed.
  constructor(place, opener, actions) {
    this.place = place;
    this.opener = opener;
    this.actions = actions;
    this.looking = null;
  }

  async look(draft) {
    this.looking?.abort();
    this.looking = new AbortController();
    const asked = { communes: draft.codes };
    if (draft.cpts !== null) asked.exclude_cpts = draft.cpts;
    const found = await findNearby(asked, this.looking.signal);
    this.actions.learn(found.items);
    this.#show(found);
    if (found.items.length) this.actions.reveal([found.items[0].code]);
  }

  #show(found) {
    const title = element("h3", { tabindex: "-1" }, heading(found));
    const close = button("Fermer", () => {
      this.place.hidden = true;
      this.opener.focus();
    });
    const items = found.items.map((commune) => this.#item(commune, found.ring, title));
    this.place.replaceChildren(title, element("ol", { class: "plain" }, items), close);
    this.place.hidden = false;
    title.focus();
  }

  #item(commune, ring, title) {
    const { code, name, department, population, asked } = commune;
    const facts = [inhabitants(population), distance(commune, ring)];
    if (asked) facts.push("demandée par une lettre");
    const add = button("Ajouter", () => {
      (item.nextElementSibling?.querySelector("button:last-child") ?? title).focus();
      item.remove();
      this.actions.add([commune], `Ajout de ${name}`);
    }, { "aria-label": `Ajouter ${name}` });
    const see = button("Voir", () => this.actions.show([code]), { "aria-label": `Voir ${name} sur la carte` });
    const item = element("li", {}, element("span", {}, `${name} (${department}) `, element("small", {}, facts.join(", "))), see, add);
    return item;
  }
}
