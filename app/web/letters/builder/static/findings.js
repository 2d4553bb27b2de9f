// What stands in the way or lies around: text to settle, conflicts, other letters, parts,
// enclaves, neighbours, and what an amendment would change. Names only enter as text.

import { button, byName, counted, element, enumerated, euros, inhabitants, kilometres, safeAddress } from "./text.js";

const names = (communes) => enumerated([...communes].sort(byName).map(({ name }) => name), 6);
const codes = (communes) => communes.map(({ code }) => code);

const section = (title, ...children) => element("section", { class: "finding" }, element("h3", {}, title), children);

// A CPTS by name, with its stage; the name leads to its sheet.
function holder(cpts, stages) {
  const stage = stages.find(({ slug }) => slug === cpts.stage);
  return [
    element("a", { href: `/cpts/${cpts.id}` }, cpts.name),
    " ",
    stage ? element("span", { class: `stage stage-${stage.slug}` }, stage.label) : null,
    cpts.demonstration ? element("span", { class: "tag" }, "fictive") : null,
  ];
}

// What the rest of the list points to, to be taken at once: an offer, never a choice.
function offer(inputs, actions) {
  const offered = inputs
    .filter(({ suggested }) => suggested?.length === 1)
    .map(({ given, suggested }) => ({ given, candidate: suggested[0] }));
  if (offered.length === 0) return null;
  const places = [...new Set(offered.map(({ candidate }) => candidate.department))].sort().join(", ");
  const label = `Retenir ${counted(offered.length, "commune")} comme le reste de la liste (${places})`;
  return element("p", {}, button(label, () => actions.settleAll(offered)));
}

function unresolved(inputs, actions) {
  if (inputs.length === 0) return null;
  return section(
    `À préciser (${inputs.length})`,
    offer(inputs, actions),
    element(
      "ul",
      { class: "plain" },
      inputs.map(({ given, reason, candidates, note }) =>
        element(
          "li",
          { class: "to-settle" },
          element("p", {}, element("strong", {}, `« ${given} »`), reason === "ambiguous" ? " : plusieurs communes possibles." : " : commune inconnue."),
          note ? element("p", { class: "quiet" }, `${note}.`) : null,
          element(
            "div",
            { class: "choices", role: "group", "aria-label": `Choix pour « ${given} »` },
            candidates.slice(0, 12).map((candidate) =>
              button(`${candidate.name} (${candidate.department})`, () => actions.settle(given, candidate)),
            ),
            button("Écarter", () => actions.settle(given, null), { "aria-label": `Écarter « ${given} »` }),
          ),
        ),
      ),
    ),
  );
}

// « +33 (0)4 »: the zero is for whoever calls from within the country.
const dialled = (phone) => phone.replace(/^(\s*\+.*?)\(0\)/, "$1").replace(/[^+\d]/g, "");

function contact({ website, email, phone }) {
  const address = safeAddress(website);
  const ways = [
    address ? element("a", { href: address, rel: "noopener nofollow" }, "Site internet") : website || null,
    email ? element("a", { href: `mailto:${encodeURIComponent(email).replace("%40", "@")}` }, email) : null,
    phone ? element("a", { href: `tel:${dialled(phone)}` }, phone) : null,
  ].filter(Boolean);
  if (ways.length === 0) return element("p", { class: "hint" }, "Aucune coordonnée publique.");
  return element("p", { class: "contact" }, "Contact : ", ways.flatMap((way, i) => (i ? [" · ", way] : [way])));
}

function conflicts(found, stages, actions) {
  if (found.length === 0) return null;
  return section(
    `Conflits (${found.length})`,
    element(
      "ul",
      { class: "plain" },
      found.map((conflict) =>
        element(
          "li",
          { class: `conflict ${conflict.severity}` },
          element("p", { class: "who" }, holder(conflict.cpts, stages)),
          element(
            "p",
            {},
            conflict.severity === "blocking" ? "Bloquant : tient " : "Dynamique, à concilier : tient ",
            names(conflict.communes),
            ` (${inhabitants(conflict.population)}).`,
          ),
          contact(conflict.contact),
          button(
            `Retirer ${counted(conflict.communes.length, "commune")}`,
            () => actions.remove(codes(conflict.communes), `Retrait des communes de ${conflict.cpts.name}`),
            { "aria-label": `Retirer du territoire les communes de ${conflict.cpts.name}` },
          ),
        ),
      ),
    ),
  );
}

function letters(competing) {
  if (competing.length === 0) return null;
  return section(
    "Autres lettres en cours",
    element(
      "ul",
      {},
      competing.map(({ communes }) => element("li", {}, `Une lettre en cours d’examen demande ${names(communes)}.`)),
    ),
  );
}

function parts({ parts: number, pieces = [] }, actions) {
  if (number <= 1) return null;
  const [, ...others] = [...pieces].sort((one, other) => other.population - one.population);
  return section(
    `${number} morceaux`,
    element("p", {}, "Le territoire n’est pas d’un seul tenant (frontières terrestres)."),
    element(
      "ul",
      { class: "plain" },
      others.slice(0, 20).map((piece) =>
        element(
          "li",
          {},
          element("p", {}, `À part${piece.island ? " (île, sans frontière terrestre)" : ""} : ${names(piece.communes)} (${inhabitants(piece.population)}). `),
          button("Voir", () => actions.show(codes(piece.communes)), { "aria-label": `Voir ${names(piece.communes)} sur la carte` }),
        ),
      ),
    ),
  );
}

function enclaves(found, actions) {
  if (found.length === 0) return null;
  return section(
    found.length > 1 ? `${found.length} enclaves libres` : "Une enclave libre",
    element("p", {}, "Ces communes que nul ne tient seraient coupées de toute autre CPTS."),
    element(
      "ul",
      { class: "plain" },
      found.map(({ communes, population }) =>
        element(
          "li",
          {},
          element("p", {}, `${names(communes)} (${inhabitants(population)}). `),
          button(
            `Ajouter ${counted(communes.length, "commune")}`,
            () => actions.add(communes, communes.length > 1 ? "Ajout d’une enclave" : `Ajout de ${communes[0].name}`),
            { "aria-label": `Ajouter au territoire l’enclave ${names(communes)}` },
          ),
        ),
      ),
    ),
  );
}

function neighbours(found, stages) {
  if (found.length === 0) return null;
  return section(
    `CPTS voisines (${found.length})`,
    element(
      "ul",
      { class: "plain neighbours" },
      found.map(({ cpts, shared_border_km: length }) =>
        element("li", {}, holder(cpts, stages), element("small", {}, ` frontière commune de ${kilometres(length)}`)),
      ),
    ),
  );
}

function amendment(change) {
  if (!change) return null;
  const size = ({ commune_count: communes, population, tier, funding }) => [
    counted(communes, "commune"),
    inhabitants(population),
    tier === null ? "—" : `taille ${tier}`,
    funding ? euros(funding.total_possible.with_optional) : "—",
  ];
  const before = size(change.before);
  const after = size(change.after);
  return section(
    `Avenant : ${change.cpts.name}`,
    element(
      "p",
      {},
      change.added.length ? `Ajoute ${names(change.added)}. ` : "N’ajoute aucune commune. ",
      change.withdrawn.length ? `Retire ${names(change.withdrawn)}.` : "N’en retire aucune.",
    ),
    element(
      "div",
      { class: "table-scroll" },
      element(
        "table",
        { class: "data" },
        element("thead", {}, element("tr", {}, ["", "Aujourd’hui", "Avec l’avenant"].map((title) => (title ? element("th", { scope: "col" }, title) : element("td", {}))))),
        element(
          "tbody",
          {},
          ["Communes", "Population", "Taille", "Au plus, par an"].map((title, i) =>
            element("tr", {}, element("th", { scope: "row" }, title), element("td", {}, before[i]), element("td", {}, after[i])),
          ),
        ),
      ),
    ),
  );
}

export function showFindings(place, answer, page, actions) {
  const shown = [
    unresolved(answer.unresolved, actions),
    conflicts(answer.conflicts_by_cpts, page.stages, actions),
    letters(answer.competing_letters),
    amendment(answer.amendment),
    parts(answer.territory, actions),
    enclaves(answer.enclaves, actions),
    neighbours(answer.neighbours, page.stages),
  ];
  place.replaceChildren(...shown.filter(Boolean));
}
