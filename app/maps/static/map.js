// Draws the CPTS on the map that Folium has made, `window.cptsMap`.
import { aroundLayer } from "./around.js";
import { conciliationLayer, toldZone } from "./conciliations.js";
import { fetchCommunes, fetchConciliations, fetchCpts, fetchItem } from "./data.js";
import { count, element, popup, told, tooltip } from "./description.js";
import { say, showFacts } from "./facts.js";
import { groundLayer } from "./ground.js";
import { addInsets } from "./insets.js";
import { addLabels } from "./labels.js";
import { limitLayers } from "./limits.js";
import { followView } from "./nearer.js";
import { addFullScreen, addLegend, addList, addTerritories, shortenAddress } from "./panels.js";
import { namesOf, subjectLayer } from "./subject.js";
import { gatherControls } from "./toolbar.js";
import { tellOnHover } from "./tooltips.js";
import { walkWithArrows } from "./walk.js";

const { map, basemap, page } = window.cptsMap;
const { palette } = page;
const stages = new Map(page.stages.map((stage) => [stage.slug, stage]));
const tiers = new Map(page.tiers.map((tier) => [tier.tier, tier]));
const departmentNames = new Map();
const drawn = new Map();
let scale = "stage";

const nameOfDepartment = (code) =>
  departmentNames.has(code) ? `${departmentNames.get(code)} (${code})` : code;

// Thin while territories are small on the screen, or their borders cover them.
const borderWeight = () => Math.min(1.5, Math.max(0.4, (map.getZoom() - 3) / 5));

// Near enough for the names of the base map to matter, they show through; where it is not
// to be had, the fills keep their strength.
let tiled = false;
const fillOpacity = () => (tiled && map.getZoom() >= 10 ? palette.closeOpacity : palette.opacity);

function style(feature) {
  const { stage, tier } = feature.properties;
  const step = scale === "stage" ? stages.get(stage) : tiers.get(tier);
  return {
    color: palette.border,
    weight: borderWeight(),
    opacity: 0.9,
    dashArray: stages.get(stage)?.dashed ? "4 3" : null,
    fillColor: step?.colour ?? palette.unknown,
    fillOpacity: fillOpacity(),
  };
}

const cptsLayer = L.geoJSON(null, {
  style,
  onEachFeature: (feature, layer) => drawn.set(feature.id, { layer, detail: page.detail }),
});
// Once for all of them: what each had of its own would cost more than to draw it.
cptsLayer.on("mouseover", ({ layer }) => layer.setStyle({ weight: 3 }));
cptsLayer.on("mouseout", ({ layer }) => layer.setStyle({ weight: borderWeight() }));
cptsLayer.on("click", ({ layer, latlng }) => open(layer.feature, latlng, layer));

const cptsTooltip = tellOnHover(map, cptsLayer, tooltip);

const around = aroundLayer(
  map,
  palette,
  borderWeight,
  (feature, layer) => drawn.set(feature.id, { layer, detail: page.aroundDetail }),
);
around.layer.on("click", ({ layer, latlng }) => openOther(layer, latlng));

const described = ({ properties }) =>
  popup(properties, nameOfDepartment, page.at, window.frameElement !== null);

// The frame of a popup adds about 50 pixels to what it holds.
const popupOptions = () => ({
  maxWidth: Math.min(320, map.getSize().x - 66),
  maxHeight: Math.max(160, Math.min(380, map.getSize().y - 90)),
  autoPanPadding: [8, 8],
});

// A popup knows the layer that it is about, by which the list of a page around finds it.
function open(feature, latlng, layer) {
  const popup = L.popup(popupOptions(), layer);
  popup.setLatLng(latlng).setContent(described(feature)).openOn(map);
}

// What its popup tells is asked for when somebody wants to know.
async function openOther(layer, latlng) {
  const { feature } = layer;
  try {
    feature.properties = await fetchItem(page, feature.id);
    open(feature, latlng, layer);
  } catch {
    L.popup(popupOptions(), layer).setLatLng(latlng).setContent(tooltip(feature.properties)).openOn(map);
  }
}

const zones = conciliationLayer(map, palette.conciliation, popupOptions);

function restyle() {
  cptsLayer.setStyle(style);
  around.restyle();
  limits.restyle();
  insets?.restyle();
  ground.restyle();
  shareColours();
}

// The legend shows the colours as the map does.
function shareColours() {
  const { style: shared } = document.documentElement;
  shared.setProperty("--opacity", fillOpacity());
  shared.setProperty("--others", palette.around);
  shared.setProperty("--others-opacity", palette.aroundOpacity);
}

const ground = groundLayer(map, page.ground, palette.border, () => (tiled ? 0.4 : 1));
const limits = limitLayers(map, palette.border, borderWeight);
const communeLayer = subjectLayer(map, page, palette.border);

const names = () =>
  namesOf(page, {
    territories: [...cptsLayer.getLayers(), ...around.layer.getLayers()],
    communes: communeLayer.getLayers(),
  });

const labels = addLabels(map, names);

let insets = null;

// Of the country, what it leaves out or shows too small.
function showInsets(features) {
  const apart = page.territories.filter(({ inset }) => inset);
  if (apart.length === 0) return;
  const colours = { ground: page.ground.colour, border: palette.border };
  insets = addInsets(map, apart, { style, ...colours });
  insets.draw(features, departmentShapes);
}

function prepareMap() {
  map.attributionControl.setPrefix('<a href="https://leafletjs.com">Leaflet</a>');
  map.attributionControl.addAttribution("communes IGN, populations INSEE");
  L.control.zoom({ zoomInTitle: "Agrandir", zoomOutTitle: "Réduire" }).addTo(map);
  addFullScreen(map);
  L.control.scale({ imperial: false, position: "bottomright" }).addTo(map);
  // A frame of this site stands among what the page around it says and links already.
  document.documentElement.classList.toggle("framed", window.frameElement !== null);
  const container = map.getContainer();
  container.setAttribute("role", "application");
  container.setAttribute("aria-roledescription", "carte");
  container.setAttribute("aria-label", "Carte des CPTS");
  container.setAttribute("aria-describedby", "map-help");
  gatherControls(map);
  walk();
  map.on("popupopen", ({ popup: opened }) => {
    container.classList.add("popup-open");
    const close = opened.getElement().querySelector(".leaflet-popup-close-button");
    close?.setAttribute("aria-label", "Fermer");
  });
  map.on("popupclose", ({ popup: closed }) => {
    container.classList.remove("popup-open");
    if (closed.getElement()?.contains(document.activeElement)) {
      container.focus({ preventScroll: true });
    }
  });
  addTerritories(map, page.territories);
  shortenAddress();
  shareColours();
  ground.layer.addTo(map);
  around.layer.addTo(map);
  limits.departments.addTo(map);
  limits.regions.addTo(map);
  cptsLayer.addTo(map);
  communeLayer.addTo(map);
  basemap?.once("tileload", () => {
    tiled = true;
    restyle();
  });
}

async function openInFull(layer) {
  const centre = layer.getBounds().getCenter();
  if (zones.layer.hasLayer(layer)) layer.openPopup(centre);
  else if (around.layer.hasLayer(layer)) await openOther(layer, centre);
  else open(layer.feature, centre, layer);
  document.querySelector(".cpts-popup")?.focus({ preventScroll: true });
}

function walk() {
  const walked = [{ layer: cptsLayer, tooltip: cptsTooltip }, zones, around];
  walkWithArrows(map, {
    territories: () =>
      [cptsLayer, zones.layer].filter((each) => map.hasLayer(each)).flatMap((each) => each.getLayers()),
    others: () => around.layer.getLayers(),
    mark: (layer, on) => {
      const { layer: kind, tooltip } = walked.find((each) => each.layer.hasLayer(layer));
      if (!on) {
        kind.resetStyle(layer);
        tooltip.hide();
        return;
      }
      layer.setStyle({ weight: 5, dashArray: null, opacity: 1 }).bringToFront();
      tooltip.show(layer);
    },
    tell: (layer) => {
      const zone = zones.layer.hasLayer(layer);
      document.getElementById("said").textContent = (zone ? toldZone : told)(layer.feature.properties);
    },
    open: openInFull,
  });
}

// Several oceans do not fit on one screen: mainland France first.
function fitToData() {
  const mainland = page.mainland && L.latLngBounds(page.mainland);
  const all = L.latLngBounds([]);
  const near = L.latLngBounds([]);
  for (const layer of cptsLayer.getLayers()) {
    const bounds = layer.getBounds();
    if (!bounds.isValid()) continue;
    all.extend(bounds);
    if (mainland?.intersects(bounds)) near.extend(bounds);
  }
  const bounds = near.isValid() ? near : all;
  if (bounds.isValid()) map.fitBounds(bounds, { padding: [8, 8], maxZoom: 13, animate: false });
}

function addPanels(features) {
  const tally = (property, key) => (step) =>
    features.filter((feature) => feature.properties[property] === step[key]).length;
  const scales = [
    { key: "stage", label: "Stade d’avancement", steps: page.stages, tally: tally("stage", "slug") },
    { key: "tier", label: "Taille", steps: page.tiers, tally: tally("tier", "tier") },
  ];
  const switched = (layer) => (on) => {
    if (on) layer.addTo(map);
    else layer.remove();
    restyle();
  };
  const switches = [
    { label: "Limites des départements", checked: true, toggle: switched(limits.departments) },
    { label: "Limites des régions", checked: true, toggle: switched(limits.regions) },
    { label: "Noms", checked: true, toggle: labels.show },
  ];
  if (page.own !== null && page.communes) {
    switches.push({ label: "Communes", checked: true, toggle: switched(communeLayer) });
  }
  const disputed = zones.layer.getLayers().length;
  if (disputed > 0) {
    switches.push({
      label: `Zones en conciliation (${count(disputed)})`,
      checked: true,
      toggle: switched(zones.layer),
      colour: palette.conciliation,
    });
  }
  if (basemap) switches.push({ label: "Fond de plan", checked: true, toggle: switched(basemap) });
  addLegend(map, {
    scales,
    switches,
    ground: ground.kinds,
    onScale: (key) => {
      scale = key;
      restyle();
    },
  });
  const collator = new Intl.Collator("fr", { numeric: true });
  const sorted = [...features].sort((a, b) =>
    collator.compare(a.properties.name, b.properties.name),
  );
  addList(map, sorted, (feature) => {
    const layer = drawn.get(feature.id)?.layer;
    if (layer) {
      map.fitBounds(layer.getBounds(), { maxZoom: 11, animate: false });
      openInFull(layer);
    } else {
      open(feature, map.getCenter());
      document.querySelector(".cpts-popup")?.focus({ preventScroll: true });
    }
  });
}

let departmentShapes = [];

function drawDepartments(collection) {
  departmentShapes = collection.features;
  limits.draw(collection);
  ground.layer.clearLayers().addData(collection);
  for (const { properties } of collection.features) {
    departmentNames.set(properties.code, properties.name);
  }
}

function drawCommunes(collection) {
  communeLayer.clearLayers().addData(collection);
  // Of a city, the limits of arrondissements are among those that mark it.
  if (page.marked && collection.features.length > 1) communeLayer.setStyle({ weight: 2 });
}

function drawZones(collection) {
  zones.layer.clearLayers().addData(collection);
  zones.layer.addTo(map);
}

// What is not the territories is drawn once they are painted; where nothing is, in a tab
// that nobody looks at, soon enough.
let painted = Promise.resolve();
const nextPaint = () =>
  new Promise((done) => {
    requestAnimationFrame(() => setTimeout(done));
    setTimeout(done, 500);
  });
const afterwards = (draw) => (collection) => painted.then(() => draw(collection));

const { outline, lookAround, refine } = followView(map, page, drawn, {
  onDepartments: afterwards(drawDepartments),
  onMore: (found) => {
    // Around a commune all are meant, around a CPTS or a place none.
    if (page.marked) cptsLayer.addData(found);
    else around.layer.addData(found);
    labels.draw();
  },
  onFiner: labels.draw,
});

// What has come above the map since it was made has taken of its height.
function fitCountry() {
  map.invalidateSize({ pan: false, animate: false });
  map.fitBounds(page.mainland, { animate: false });
}

// The picture stands still: it goes once the same is drawn, or with the first move.
const dropPicture = () => document.getElementById("picture")?.remove();

async function drawTerritories() {
  const found = await fetchCpts(page);
  cptsLayer.addData(found.features.filter((feature) => feature.geometry !== null));
  showFacts(found);
  if (page.fit) fitToData();
  else if (page.territories.length > 0) fitCountry();
  map.once("movestart", dropPicture);
  return found;
}

async function load() {
  document.getElementById("message").hidden = true;
  const territories = drawTerritories();
  painted = territories.then(nextPaint, () => {});
  const rest = [
    // Of a place, once the view has settled on its territories.
    page.outlined ? territories.then(outline, () => {}) : outline(),
    fetchConciliations(page).then(afterwards(drawZones), () => {}),
    fetchCommunes(page).then(afterwards(drawCommunes), () => {}),
  ];
  try {
    const found = await territories;
    if (found.features.length === 0) {
      say(
        page.unknown
          ? `Aucune CPTS enregistrée ne correspond à ces critères : ${page.unknown}.`
          : "Aucune CPTS ne correspond à ces critères.",
        element("a", { href: location.pathname }, "Voir toutes les CPTS"),
      );
    }
    await painted;
    await Promise.all([...rest, lookAround()]);
    addPanels(found.features);
    showInsets(found.features);
    labels.draw();
    map.on("zoomend", restyle);
    map.on("moveend", refine);
    refine();
    dropPicture();
    document.documentElement.dataset.state = "ready";
  } catch (problem) {
    console.warn(problem);
    const again = element("button", { type: "button" }, "Réessayer");
    again.addEventListener("click", load);
    document.getElementById("count").textContent = "CPTS indisponibles";
    say("Les CPTS n’ont pas pu être chargées. Vérifiez votre connexion.", again);
    document.documentElement.dataset.state = "failed";
  }
}

// For the list beside a map in a frame of this site.
window.cptsMap.show = (id) => {
  const layer = drawn.get(id)?.layer;
  if (!layer) return;
  map.fitBounds(layer.getBounds(), { maxZoom: 11, animate: false });
  open(layer.feature, layer.getBounds().getCenter(), layer);
};

prepareMap();
load();
