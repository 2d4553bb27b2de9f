// Helps to fill in a letter: shows what its kind needs, and proposes communes, EPCI and CPTS.

import { epciList, searchCommunes, searchCpts } from "./api.js";
import { combobox } from "./combobox.js";
import { counted, element } from "./text.js";

const byId = (id) => document.getElementById(id);
const form = byId("deposit");
const kind = form.elements.namedItem("kind");

function say(text) {
  const region = byId("said");
  region.textContent = region.textContent === text ? `${text}\u00A0` : text;
}

// What another kind of letter needs is hidden, and its texts stay.
function showKind() {
  const shown = {
    "only-creation": kind.value === "creation",
    "only-amendment": kind.value === "amendment",
    "only-merger": kind.value === "merger",
    "not-merger": kind.value !== "merger",
  };
  for (const [name, visible] of Object.entries(shown)) {
    for (const part of form.querySelectorAll(`.${name}`)) part.hidden = !visible;
  }
}

const plain = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();

async function places(text, signal) {
  const words = plain(text).split(/\s+/);
  const [communes, { items }] = await Promise.all([searchCommunes(text, signal), epciList()]);
  const epci = items.filter(({ name }) => words.every((word) => plain(name).includes(word)));
  return [
    ...communes.slice(0, 8).map((each) => ({
      label: `${each.name} (${each.department})`,
      detail: each.cpts ? `tenue par ${each.cpts.name}` : "commune",
      value: { name: each.name, line: `${each.name} (${each.code})` },
    })),
    ...epci.slice(0, 4).map((each) => ({
      label: each.name,
      detail: `EPCI, ${counted(each.communes, "commune")}`,
      value: { name: each.name, line: each.code },
    })),
  ];
}

for (const field of form.querySelectorAll("[data-list]")) {
  const list = byId(field.dataset.list);
  field.closest(".proposing").hidden = false;
  combobox(field, {
    say,
    find: places,
    choose({ name, line }) {
      const lines = list.value.split("\n").filter((each) => each.trim());
      list.value = [...lines, line].join("\n");
      say(`${name} ajoutée à la liste.`);
    },
  });
}

function choiceOf(id, name, type, cpts, label) {
  return element(
    "div",
    { class: "field inline" },
    element("input", { type, id, name, value: cpts.id, checked: true }),
    element("label", { for: id }, label),
  );
}

function proposeCpts(id, choose) {
  const field = byId(id);
  if (!field) return;
  combobox(field, {
    say,
    find: async (text, signal) =>
      (await searchCpts(text, signal)).items.map((cpts) => ({
        label: cpts.name,
        detail: `${cpts.departments.join(", ")} · ${cpts.stage_label ?? ""}`,
        value: cpts,
      })),
    choose,
  });
}

proposeCpts("cpts_name", (cpts) => {
  byId("cpts-choices").replaceChildren(choiceOf(`cpts-${cpts.id}`, "cpts", "radio", cpts, cpts.name));
  say(`${cpts.name} choisie.`);
});
proposeCpts("merged_name", (cpts) => {
  if (byId(`merged-${cpts.id}`)) byId(`merged-${cpts.id}`).checked = true;
  else byId("merged-choices").append(choiceOf(`merged-${cpts.id}`, "merged_cpts", "checkbox", cpts, `Absorbée : ${cpts.name}`));
  say(`${cpts.name} choisie.`);
});

if (kind) {
  kind.addEventListener("change", showKind);
  showKind();
}
// What was read, or refused, is what the page was asked for.
byId("refus")?.focus();
if (!byId("refus")) byId("territoire-lu")?.focus();
