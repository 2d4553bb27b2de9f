// The map of communes: free, held by stage, asked for, in the territory.

import { departmentOutlines } from "./api.js";
import { featureAt, styleOf } from "./map-style.js";
import { count, element, inhabitants } from "./text.js";

// From here on communes can be told apart, and few enough departments are in view.
const COMMUNES_ZOOM = 9;

const box = ([west, south, east, north]) => L.latLngBounds([south, west], [north, east]);

export class TerritoryMap {
  // `actions.toggle(code)` on a click or on Enter; `actions.say(text)` for screen readers.
  constructor(container, page, communes, draft, actions) {
    this.page = page;
    this.communes = communes;
    this.draft = draft;
    this.actions = actions;
    this.layers = new Map();
    this.drawing = false;
    this.shown = { codes: new Set(), locked: new Set(), cpts: null };
    this.map = L.map(container, {
      renderer: L.canvas({ padding: 0.3, tolerance: 2 }),
      zoomControl: false,
      minZoom: 3,
      maxZoom: page.basemap.maxZoom,
      zoomSnap: 0.5,
    });
    this.map.fitBounds(page.mainland ? box(page.mainland) : [[41, -5], [51, 10]], { animate: false });
    this.#furnish(container);
    this.communeLayer = L.geoJSON(null, {
      // Neighbours are drawn without slits between them.
      smoothFactor: 0.4,
      style: (feature) => this.#style(feature),
      onEachFeature: (feature, layer) => this.layers.set(feature.id, layer),
    }).addTo(this.map);
    this.communeLayer.on("click", (event) => {
      if (!this.drawing) actions.toggle(event.layer.feature.id);
    });
    this.communeLayer.bindTooltip((layer) => this.#tooltip(layer.feature.properties), { sticky: true });
    this.#drawOutlines();
    this.map.on("moveend", () => this.#follow());
    this.#follow();
  }

  #furnish(container) {
    const { basemap } = this.page;
    if (basemap.url) {
      L.tileLayer(basemap.url, { attribution: basemap.attribution, maxZoom: basemap.maxZoom }).addTo(this.map);
    }
    this.map.attributionControl.setPrefix('<a href="https://leafletjs.com">Leaflet</a>');
    this.map.attributionControl.addAttribution("communes IGN, populations INSEE");
    L.control.zoom({ zoomInTitle: "Agrandir", zoomOutTitle: "Réduire" }).addTo(this.map);
    L.control.scale({ imperial: false, position: "bottomright" }).addTo(this.map);
    container.setAttribute("role", "application");
    container.setAttribute("aria-roledescription", "carte");
    container.setAttribute("aria-label", "Carte des communes");
    container.setAttribute("aria-describedby", "map-help");
    container.append(element("div", { class: "crosshair", "aria-hidden": "true" }));
    container.addEventListener("keydown", (event) => this.#key(event));
  }

  // Enter chooses the commune under the cross in the middle; the arrows move the map.
  #key(event) {
    if (event.target !== this.map.getContainer() || this.drawing) return;
    if (event.key !== "Enter" && event.key !== " ") return;
    event.preventDefault();
    const centre = this.#atCentre();
    if (centre) this.actions.toggle(centre.code);
    else this.actions.say("Aucune commune au centre de la carte : rapprochez-vous avec la touche plus.");
  }

  #atCentre() {
    if (this.map.getZoom() < COMMUNES_ZOOM) return null;
    const { lat, lng } = this.map.getCenter();
    return featureAt(this.communes.features.values(), lng, lat)?.properties ?? null;
  }

  #style(feature) {
    return styleOf(feature.properties, this.shown, this.page, this.map.getZoom());
  }

  #situation(properties) {
    const facts = [];
    if (this.shown.codes.has(properties.code)) {
      facts.push(this.shown.locked.has(properties.code) ? "dans le territoire, verrouillée" : "dans le territoire");
    }
    if (properties.cpts !== null && properties.cpts !== this.shown.cpts) {
      const stage = this.page.stages.find(({ slug }) => slug === properties.stage);
      const holder = this.communes.holders.get(properties.cpts);
      facts.push(`tenue par ${holder?.name ?? "une CPTS"}${stage ? ` (${stage.label})` : ""}`);
    } else if (properties.cpts !== null) {
      facts.push("dans la CPTS à modifier");
    } else {
      facts.push(properties.complete ? "libre" : "territoire non renseigné");
    }
    if (properties.asked) facts.push("demandée par une lettre en cours d’examen");
    return facts;
  }

  #tooltip(properties) {
    return element(
      "div",
      { class: "commune-tooltip" },
      element("strong", {}, `${properties.name} (${properties.code})`),
      element("div", {}, inhabitants(properties.population)),
      this.#situation(properties).map((fact) => element("div", {}, fact)),
    );
  }

  async #drawOutlines() {
    let outlines;
    try {
      outlines = await departmentOutlines();
    } catch {
      return; // The communes are drawn all the same.
    }
    this.outlines = L.geoJSON(outlines, {
      style: { color: this.page.border, weight: 0.9, opacity: 0.7, fillColor: "#ffffff", fillOpacity: 0.15 },
    });
    this.outlines.bindTooltip((layer) => `${layer.feature.properties.name} : agrandir`, { sticky: true });
    this.outlines.on("click", (event) => {
      if (!this.drawing) this.show(event.layer.getBounds());
    });
    this.#follow();
  }

  // Loads what is in view, once near enough.
  #follow() {
    const near = this.map.getZoom() >= COMMUNES_ZOOM;
    if (this.outlines) {
      if (near) this.outlines.remove();
      else if (!this.map.hasLayer(this.outlines)) this.outlines.addTo(this.map).bringToBack();
    }
    this.map.getContainer().dataset.near = near;
    if (this.nearBefore !== near) this.communeLayer.setStyle((feature) => this.#style(feature));
    this.nearBefore = near;
    if (document.activeElement === this.map.getContainer()) this.#sayCentre();
    if (!near) return;
    const view = this.map.getBounds();
    for (const department of this.page.departments) {
      if (view.intersects(box(department.bounds))) this.load(department.code);
    }
  }

  #sayCentre() {
    const centre = this.#atCentre();
    if (centre) {
      this.actions.say(`Au centre : ${centre.name}, ${count(centre.population)} habitants, ${this.#situation(centre).join(", ")}.`);
    }
  }

  load(department) {
    return this.communes.load(department, (collection) => this.#draw(collection)).catch((error) => {
      this.actions.say(error.message);
    });
  }

  #draw(collection) {
    this.communeLayer.addData(collection);
    this.#raise();
  }

  // Colours the communes that came or went; loads the departments that the draft needs.
  async render(draft) {
    const codes = new Set(draft.codes);
    const locked = new Set(draft.locked);
    const other = draft.cpts !== this.shown.cpts;
    const touched = other
      ? [...this.layers.keys()]
      : [...new Set([...codes, ...this.shown.codes, ...locked, ...this.shown.locked])].filter(
          (code) =>
            codes.has(code) !== this.shown.codes.has(code) || locked.has(code) !== this.shown.locked.has(code),
        );
    this.shown = { codes, locked, cpts: draft.cpts };
    for (const code of touched) {
      const layer = this.layers.get(code);
      layer?.setStyle(this.#style(layer.feature));
    }
    this.#raise(touched);
    await this.communes.loadAll(draft.codes, (collection) => this.#draw(collection));
  }

  // Thick borders lie above their neighbours' thin ones.
  #raise(codes = this.shown.codes) {
    for (const code of codes) if (this.shown.codes.has(code)) this.layers.get(code)?.bringToFront();
  }

  show(bounds) {
    if (bounds.isValid()) this.map.fitBounds(bounds, { padding: [16, 16], maxZoom: 12, animate: false });
  }

  // Moves to these communes once their outlines are here.
  async goTo(codes) {
    await this.communes.loadAll(codes, (collection) => this.#draw(collection));
    const bounds = L.latLngBounds([]);
    for (const code of codes) {
      const layer = this.layers.get(code);
      if (layer) bounds.extend(layer.getBounds());
    }
    this.show(bounds);
  }

  // As `goTo`, unless they are in view already.
  async reveal(codes) {
    await this.communes.loadAll(codes, (collection) => this.#draw(collection));
    const view = this.map.getBounds();
    const seen = codes.every((code) => view.intersects(this.layers.get(code)?.getBounds() ?? view));
    if (!seen || this.map.getZoom() < COMMUNES_ZOOM) await this.goTo(codes);
  }
}
