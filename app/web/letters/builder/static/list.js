// The communes of the territory as a list: what the map shows, for keyboard and ear.

import { button, byName, element, inhabitants } from "./text.js";

const SHAPES = {
  open: "M5 9V6a4 4 0 0 1 7.6-1.7M4 9h12v8H4z",
  closed: "M6 9V6a4 4 0 0 1 8 0v3M4 9h12v8H4z",
  cross: "M5 5l10 10M15 5L5 15",
};

function icon(name) {
  const drawn = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  const attributes = { viewBox: "0 0 20 20", width: "20", height: "20", "aria-hidden": "true" };
  for (const [key, value] of Object.entries(attributes)) drawn.setAttribute(key, value);
  const stroke = { d: SHAPES[name], fill: name === "closed" ? "currentColor" : "none", stroke: "currentColor", "stroke-width": "1.8" };
  for (const [key, value] of Object.entries(stroke)) path.setAttribute(key, value);
  drawn.append(path);
  return drawn;
}

export class CommuneList {
  constructor(place, communes, actions) {
    this.place = place;
    this.communes = communes;
    this.actions = actions;
    this.rows = new Map();
  }

  #row(commune) {
    const { code } = commune;
    const name = element("span", { class: "commune-name" });
    const lock = button("", () => this.actions.lock(code), { class: "icon-button", "aria-pressed": "false" });
    const remove = button(icon("cross"), () => this.#remove(code), { class: "icon-button" });
    const show = button("", () => this.actions.show([code]), { class: "link-button" });
    show.append(name);
    return { item: element("li", {}, show, element("small", { class: "facts" }), lock, remove), show, lock, remove, written: "" };
  }

  // What had the focus is gone with its row: the next row takes it.
  #remove(code) {
    const item = this.rows.get(code)?.item;
    const beside = item?.nextElementSibling ?? item?.previousElementSibling;
    this.next = [...this.rows].find(([, row]) => row.item === beside)?.[0] ?? "";
    this.actions.remove([code], `Retrait de ${this.communes.of(code).name}`);
  }

  render(draft, answer) {
    const told = new Map((answer?.territory.communes ?? []).map((commune) => [commune.code, commune]));
    const held = new Map((answer?.conflicts ?? []).map((conflict) => [conflict.commune.code, conflict]));
    const kept = new Set(draft.codes);
    for (const [code, { item }] of this.rows) {
      if (kept.has(code)) continue;
      item.remove();
      this.rows.delete(code);
    }
    const locked = new Set(draft.locked);
    let before = null;
    for (const commune of draft.codes.map((code) => this.communes.of(code)).sort(byName)) {
      const { code } = commune;
      if (!this.rows.has(code)) this.rows.set(code, this.#row(commune));
      const row = this.rows.get(code);
      this.#write(row, commune, { locked: locked.has(code), conflict: held.get(code), note: told.get(code)?.note });
      const place = before ? before.nextElementSibling : this.place.firstElementChild;
      if (place !== row.item) this.place.insertBefore(row.item, place);
      before = row.item;
    }
    this.#focus();
  }

  #write(row, commune, { locked, conflict, note }) {
    const facts = [commune.code];
    if (commune.population !== null) facts.push(inhabitants(commune.population));
    if (conflict) facts.push(`tenue par ${conflict.cpts.name}`);
    if (note) facts.push(note);
    const written = JSON.stringify([commune.name, facts, locked]);
    if (row.written === written) return;
    row.written = written;
    row.item.classList.toggle("in-conflict", Boolean(conflict));
    row.item.querySelector(".commune-name").textContent = commune.name;
    row.item.querySelector(".facts").textContent = facts.join(" · ");
    row.show.setAttribute("aria-label", `${commune.name} : voir sur la carte`);
    row.lock.setAttribute("aria-pressed", String(locked));
    row.lock.setAttribute("aria-label", `Verrouiller ${commune.name}`);
    row.lock.title = locked ? "Déverrouiller" : "Verrouiller";
    row.lock.replaceChildren(icon(locked ? "closed" : "open"));
    row.remove.setAttribute("aria-label", `Retirer ${commune.name}`);
    row.remove.title = locked ? "Verrouillée" : "Retirer";
    row.remove.disabled = locked;
  }

  #focus() {
    if (this.next === undefined) return;
    const { next } = this;
    this.next = undefined;
    const row = this.rows.get(next);
    if (row) (row.remove.disabled ? row.lock : row.remove).focus();
    else document.getElementById("communes-title").focus();
  }
}
