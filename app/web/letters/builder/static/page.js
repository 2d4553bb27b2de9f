// Puts the page together: every step of the draft is drawn, checked and told.

import { checkTerritory, epciList, makeNote, oneCpts, searchCommunes, searchCpts } from "./api.js";
import { combobox } from "./combobox.js";
import { Communes } from "./communes.js";
import { Draft } from "./draft.js";
import { Drawing } from "./drawing.js";
import { csvOf, geojsonOf, readFile, readList, save } from "./files.js";
import { showFindings } from "./findings.js";
import { showLegend } from "./legend.js";
import { connectHandover, showHandover } from "./handover.js";
import { CommuneList } from "./list.js";
import { TerritoryMap } from "./map.js";
import { Nearby } from "./nearby.js";
import { button, counted, element } from "./text.js";
import { headline, showFigures, showFunding, showTier, showVerdict, wordsOf } from "./verdict.js";

const MOST_COMMUNES = 5000;
const byId = (id) => document.getElementById(id);
const root = byId("builder");
const page = JSON.parse(root.dataset.settings);
const communes = new Communes();
const draft = new Draft(onStep);
let checking = null;

// Screen readers: the same words twice in a row would not be told again.
function say(text) {
  const region = byId("said");
  region.textContent = region.textContent === text ? `${text}\u00A0` : text;
}

function notice(text, tone = "info") {
  const place = byId("notice");
  place.className = `alert ${tone}`;
  place.replaceChildren(element("p", {}, text), button("Fermer", () => (place.hidden = true)));
  place.hidden = false;
}

const failed = (error) => error.name === "AbortError" || notice(error.message, "danger");

const actions = {
  say,
  toggle(code) {
    const { name } = communes.of(code);
    if (!draft.has(code)) draft.add([code], `Ajout de ${name}`);
    else if (draft.isLocked(code)) say(`${name} est verrouillée.`);
    else draft.remove([code], `Retrait de ${name}`);
  },
  add(found, label) {
    communes.learn(found);
    if (!draft.add(found.map(({ code }) => code), label)) say("Déjà dans le territoire.");
  },
  remove(codes, label) {
    if (!draft.remove(codes, label)) say("Ces communes sont verrouillées.");
  },
  lock(code) {
    const { name } = communes.of(code);
    const locked = draft.isLocked(code);
    draft.setLocked([code], !locked, locked ? `${name} déverrouillée` : `${name} verrouillée`);
  },
  learn: (found) => communes.learn(found),
  reveal: (codes) => map.reveal(codes),
  show(codes) {
    byId("map").scrollIntoView({ block: "nearest" });
    return map.goTo(codes);
  },
  settle(given, candidate) {
    const asked = draft.now.asked.filter((text) => text !== given);
    byId("verdict").focus();
    if (!candidate) draft.change({ asked }, `« ${given} » écarté`);
    else draft.change({ asked, codes: [...draft.now.codes, candidate.code] }, `Ajout de ${candidate.name}`);
  },
  settleAll(offered) {
    const given = new Set(offered.map((each) => each.given));
    const asked = draft.now.asked.filter((text) => !given.has(text));
    byId("verdict").focus();
    const codes = [...draft.now.codes, ...offered.map(({ candidate }) => candidate.code)];
    draft.change({ asked, codes }, `Ajout de ${counted(offered.length, "commune")}`);
  },
};

// A map measures its place when it is made.
root.hidden = false;
const list = new CommuneList(byId("communes"), communes, actions);
const map = new TerritoryMap(byId("map"), page, communes, draft, actions);

function onStep(now, label) {
  takeGiven();
  say(label);
  refresh(now);
}

function question(now) {
  const asked = { communes: [...now.codes, ...now.asked] };
  if (now.cpts !== null) asked.exclude_cpts = now.cpts;
  return asked;
}

function showControls(now) {
  byId("undo").disabled = !draft.canUndo;
  byId("redo").disabled = !draft.canRedo;
  const empty = now.codes.length === 0;
  for (const id of ["nearby", "note", "export-csv", "export-geojson", "lock-all"]) byId(id).disabled = empty;
  showHandover(now);
  byId("clear").disabled = now.codes.length === now.locked.length && now.asked.length === 0 && now.cpts === null;
  const allLocked = !empty && now.locked.length === now.codes.length;
  byId("lock-all").textContent = allLocked ? "Tout déverrouiller" : "Tout verrouiller";
  byId("share-address").value = location.origin + draft.address();
  byId("communes-title").textContent = `Communes du territoire (${now.codes.length})`;
  byId("amended").hidden = now.cpts === null;
  if (now.cpts !== null) {
    oneCpts(now.cpts).then((cpts) => {
      byId("amended-name").textContent = `Avenant de ${cpts.name}`;
    }, failed);
  }
}

// The list and the map follow at once, the verdict as soon as it is known.
async function refresh(now) {
  const started = performance.now();
  checking?.abort();
  checking = new AbortController();
  const { signal } = checking;
  showControls(now);
  list.render(now, null);
  map.render(now);
  if (now.codes.length === 0 && now.asked.length === 0) {
    showAnswer(now, null);
    return;
  }
  root.dataset.state = "checking";
  if (!root.dataset.verdict) byId("verdict").replaceChildren(element("p", { class: "verdict-label" }, "Vérification…"));
  try {
    const answer = await checkTerritory(question(now), signal);
    if (signal.aborted) return;
    communes.learn(answer.territory.communes);
    showAnswer(settled(now, answer), answer);
    root.dataset.changeMs = (performance.now() - started).toFixed(1);
  } catch (error) {
    if (error.name === "AbortError") return;
    byId("verdict").className = "alert danger verdict";
    byId("verdict").replaceChildren(element("p", {}, error.message), button("Réessayer", () => refresh(draft.now)));
    root.dataset.state = "failed";
  }
}

// A link of last year may name former communes: the answer gives today's.
function settled(now, answer) {
  const codes = answer.territory.communes.map(({ code }) => code);
  const asked = answer.unresolved.map(({ given }) => given);
  if (codes.length === now.codes.length && codes.every((code) => draft.has(code)) && asked.length === now.asked.length) {
    return now;
  }
  draft.correct({ codes, asked });
  showControls(draft.now);
  map.render(draft.now);
  return draft.now;
}

function showAnswer(now, answer) {
  const words = answer && wordsOf(answer, page.verdicts);
  byId("results").hidden = answer === null;
  showVerdict(byId("verdict"), answer, words);
  list.render(now, answer);
  byId("summary").textContent = answer ? headline(answer, words) : "";
  if (answer) {
    showFigures(byId("figures"), answer);
    showTier(byId("tier"), answer, page.tiers);
    showFindings(byId("findings"), answer, page, actions);
    showFunding(byId("funding"), answer.funding);
    say(`${headline(answer, words)}.`);
  }
  root.dataset.state = "ready";
  root.dataset.verdict = answer?.verdict ?? "";
}

// Takes what an answer resolved into the draft, and keeps the rest to be settled.
function takeAnswer(answer, label, { replace = false } = {}) {
  const found = answer.territory.communes;
  communes.learn(found);
  const left = answer.unresolved.filter(({ given }) => given !== "geometry").map(({ given }) => given);
  const codes = found.map(({ code }) => code);
  const base = replace ? { codes: draft.now.locked, asked: [] } : draft.now;
  const changed = draft.change(
    { codes: [...base.codes, ...codes], asked: [...base.asked, ...left] },
    `${label} : ${counted(codes.length, "commune")}`,
  );
  if (codes.length === 0 && left.length === 0) notice("Aucune commune trouvée.", "warning");
  else if (!changed) notice("Ces communes sont déjà dans le territoire.");
  if (left.length > 0) notice(`${counted(left.length, "ligne")} à préciser : voyez « À préciser ».`, "warning");
  if (codes.length > 0) map.reveal(codes);
}

async function take(asked, label, options) {
  root.setAttribute("aria-busy", "true");
  try {
    takeAnswer(await checkTerritory(asked), label, options);
  } catch (error) {
    failed(error);
  } finally {
    root.removeAttribute("aria-busy");
  }
}

function takeLines(lines, label, options) {
  if (lines.length === 0) notice("La liste est vide.", "warning");
  else if (lines.length > MOST_COMMUNES) notice(`Au plus ${MOST_COMMUNES} lignes sont acceptées.`, "danger");
  else return take({ communes: lines }, label, options);
  return null;
}

// Communes in the plain words of a link, and the CPTS that another page asks to amend.
function takeGiven() {
  if (draft.damaged) notice("L’adresse du brouillon est incomplète : le lien a sans doute été coupé.", "danger");
  const { given } = draft;
  draft.given = [];
  draft.damaged = false;
  if (given.length > 0) takeLines(given, "Communes du lien");
  else if (draft.now.cpts !== null && draft.now.codes.length === 0 && draft.now.asked.length === 0) {
    amend(draft.now.cpts);
  }
}

async function amend(id) {
  try {
    const cpts = await oneCpts(id);
    communes.learn(cpts.communes);
    const codes = cpts.communes.map(({ code }) => code);
    draft.change({ codes, locked: [], asked: [], cpts: id }, `Avenant de ${cpts.name}`);
    map.goTo(codes);
  } catch (error) {
    failed(error);
  }
}

async function takeFile(file) {
  const options = { replace: byId("replace").checked };
  try {
    const { lines, answer } = await readFile(file);
    if (answer) takeAnswer(answer, `Fichier ${file.name}`, options);
    else await takeLines(lines, `Fichier ${file.name}`, options);
  } catch (error) {
    failed(error);
  }
}

function connectFields() {
  combobox(byId("commune-search"), {
    say,
    find: async (text, signal) =>
      (await searchCommunes(text, signal)).map((commune) => ({
        label: `${commune.name} (${commune.department})`,
        detail: commune.cpts ? `tenue par ${commune.cpts.name}` : commune.complete ? "libre" : "territoire non renseigné",
        value: commune,
      })),
    choose(commune) {
      actions.add([commune], `Ajout de ${commune.name}`);
      map.reveal([commune.code]);
    },
  });
  const plain = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
  combobox(byId("epci-search"), {
    say,
    find: async (text) => {
      const words = plain(text).split(/\s+/);
      const { items } = await epciList();
      return items
        .filter(({ code, name }) => words.every((word) => plain(name).includes(word) || code.startsWith(word)))
        .slice(0, 12)
        .map((epci) => ({
          label: epci.name,
          detail: `${epci.departments.join(", ")} · ${counted(epci.communes, "commune")}`,
          value: epci,
        }));
    },
    choose: (epci) => take({ epci: [epci.code] }, epci.name),
  });
  combobox(byId("cpts-search"), {
    say,
    find: async (text, signal) =>
      (await searchCpts(text, signal)).items.map((cpts) => ({
        label: cpts.name,
        detail: `${cpts.departments.join(", ")} · ${cpts.stage_label ?? ""}`,
        value: cpts.id,
      })),
    choose: amend,
  });
  byId("paste-form").addEventListener("submit", async (event) => {
    event.preventDefault();
    await takeLines(readList(byId("pasted").value), "Liste collée");
    byId("pasted").value = "";
  });
  byId("file").addEventListener("change", async ({ target }) => {
    if (target.files.length) await takeFile(target.files[0]);
    target.value = "";
  });
}

function connectDrop() {
  const veil = byId("drop-veil");
  const carriesFile = (event) => [...(event.dataTransfer?.types ?? [])].includes("Files");
  addEventListener("dragover", (event) => {
    if (!carriesFile(event)) return;
    event.preventDefault();
    veil.hidden = false;
  });
  addEventListener("dragleave", (event) => {
    if (event.relatedTarget === null) veil.hidden = true;
  });
  addEventListener("drop", (event) => {
    veil.hidden = true;
    if (!carriesFile(event)) return;
    event.preventDefault();
    if (event.dataTransfer.files.length) takeFile(event.dataTransfer.files[0]);
  });
}

function connectDrawing() {
  const modes = { rectangle: byId("rectangle"), polygon: byId("polygon") };
  const help = {
    rectangle: "Tracez un rectangle sur la carte. Échap pour renoncer.",
    polygon: "Posez les sommets, puis revenez au premier ou appuyez sur Entrée. Échap pour renoncer.",
  };
  const drawing = new Drawing(map, {
    onShape: (geometry) => take({ geometry }, "Tracé"),
    onMode(mode) {
      for (const [name, control] of Object.entries(modes)) control.setAttribute("aria-pressed", String(name === mode));
      byId("drawing-help").textContent = mode ? help[mode] : "";
      byId("drawing-help").hidden = mode === null;
    },
  });
  for (const [name, control] of Object.entries(modes)) control.addEventListener("click", () => drawing.start(name));
}

async function copyAddress() {
  const field = byId("share-address");
  try {
    await navigator.clipboard.writeText(field.value);
    say("Lien copié.");
    byId("share-said").textContent = "Lien copié.";
  } catch {
    field.focus();
    field.select();
    byId("share-said").textContent = "Copiez l’adresse sélectionnée.";
  }
}

function connectButtons() {
  const onClick = (id, act) => byId(id).addEventListener("click", act);
  const inOrder = () => draft.now.codes.map((code) => communes.of(code));
  onClick("undo", () => draft.undo());
  onClick("redo", () => draft.redo());
  onClick("clear", () => draft.clear());
  onClick("lock-all", () => {
    const all = draft.now.locked.length === draft.now.codes.length;
    draft.setLocked(draft.now.codes, !all, all ? "Toutes les communes déverrouillées" : "Toutes les communes verrouillées");
  });
  const nearby = new Nearby(byId("nearby-found"), byId("nearby"), actions);
  onClick("nearby", () => nearby.look(draft.now).catch(failed));
  onClick("fit", () => map.goTo(draft.now.codes));
  onClick("stop-amending", () => draft.change({ cpts: null }, "Avenant quitté"));
  onClick("copy", copyAddress);
  onClick("note", async () => {
    byId("note").disabled = true;
    try {
      location.assign((await makeNote(question(draft.now))).url);
    } catch (error) {
      byId("note").disabled = false;
      failed(error);
    }
  });
  onClick("export-csv", () => save("territoire-cpts.csv", csvOf(inOrder()), "text/csv;charset=utf-8"));
  onClick("export-geojson", async () => {
    await communes.loadAll(draft.now.codes, () => {});
    const features = draft.now.codes.map((code) => communes.features.get(code)).filter(Boolean);
    save("territoire-cpts.geojson", geojsonOf(features), "application/geo+json");
  });
  addEventListener("keydown", (event) => {
    if (!(event.ctrlKey || event.metaKey) || event.altKey || event.target.matches("input, textarea")) return;
    const key = event.key.toLowerCase();
    if (key === "z") {
      event.preventDefault();
      if (event.shiftKey) draft.redo();
      else draft.undo();
    } else if (key === "y") {
      event.preventDefault();
      draft.redo();
    }
  });
}

showLegend(byId("legend"), page);
connectFields();
connectDrop();
connectDrawing();
connectButtons();
connectHandover(draft);
refresh(draft.now);
takeGiven();
if (draft.now.codes.length > 0) map.goTo(draft.now.codes);
