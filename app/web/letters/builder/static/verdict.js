// The verdict in words, the figures, and where the population stands among the tiers.

import { count, counted, element, euros, inhabitants } from "./text.js";

// The registry calls nothing free where it is not declared complete.
export function wordsOf(answer, verdicts) {
  const words = verdicts[answer.verdict];
  const missing = answer.incomplete_departments;
  if (missing.length === 0) return words;
  const where = `${missing.length > 1 ? "les départements" : "le département"} ${missing.join(", ")}`;
  const unknown = `Territoire non renseigné : le registre n’est pas déclaré complet pour ${where}. Des CPTS qu’il ne connaît pas peuvent y tenir des communes.`;
  if (answer.verdict === "clear") return { label: "Non renseigné", tone: "warning", text: unknown };
  return { ...words, text: `${words.text} ${unknown}` };
}

// `words` are those of the verdict, as the settings of the page give them.
export function headline(answer, words) {
  const { territory } = answer;
  const facts = [counted(territory.communes.length, "commune"), inhabitants(territory.population)];
  if (territory.tier !== null) facts.push(`taille ${territory.tier}`);
  return `${words.label} : ${facts.join(", ")}`;
}

export function showVerdict(place, answer, words) {
  if (answer === null) {
    place.className = "alert info verdict";
    place.replaceChildren(
      element("p", { class: "verdict-label" }, "Territoire vide"),
      element("p", {}, "Ajoutez des communes : par la recherche, sur la carte, par une liste ou par un EPCI."),
    );
    return;
  }
  const { label, tone, text } = words;
  place.className = `alert ${tone} verdict`;
  place.replaceChildren(
    element("p", { class: "verdict-label" }, label),
    element("p", {}, text),
  );
}

const figure = (label, value, note) =>
  element("div", { class: "figure" }, element("dt", {}, label), element("dd", {}, element("strong", {}, value), note ? element("small", {}, note) : null));

export function showFigures(place, answer) {
  const { territory } = answer;
  place.replaceChildren(
    figure("Communes", count(territory.communes.length), territory.departments.length ? `département${territory.departments.length > 1 ? "s" : ""} ${territory.departments.join(", ")}` : null),
    figure("Habitants", count(territory.population), territory.population_year ? `population municipale ${territory.population_year}` : null),
  );
}

// Each tier takes the same width: on a scale of inhabitants the first would vanish.
function position(population, tiers) {
  const index = tiers.findIndex(({ under }) => under === null || population < under);
  const { from, under } = tiers[index];
  const reach = under ?? from * 2;
  return (index + Math.min(1, (population - from) / (reach - from))) / tiers.length;
}

const range = ({ from, under }) => {
  if (under === null) return `plus de ${count(from - 1)}`;
  return from === 0 ? `moins de ${count(under)}` : `${count(from)} à ${count(under - 1)}`;
};

export function showTier(place, answer, tiers) {
  const { population, tier, tier_margin: margin, population_note: note } = answer.territory;
  if (tier === null) {
    place.replaceChildren();
    return;
  }
  const marker = element("span", { class: "meter-marker" });
  marker.style.insetInlineStart = `${(position(population, tiers) * 100).toFixed(2)}%`;
  const sentences = [];
  if (margin?.to_next) sentences.push(`Il manque ${inhabitants(margin.to_next)} pour la taille ${tier + 1}.`);
  if (margin?.to_previous) sentences.push(`Perdre ${inhabitants(margin.to_previous)} ramènerait à la taille ${tier - 1}.`);
  if (note) sentences.push(`D’un autre millésime : ${note}.`);
  place.replaceChildren(
    element("h3", {}, `Taille ${tier}`, element("small", {}, ` ${range(tiers.find((step) => step.tier === tier))} habitants`)),
    element(
      "div",
      { class: "meter", role: "img", "aria-label": `${inhabitants(population)} : taille ${tier} sur ${tiers.length}. ${tiers.map((step) => `Taille ${step.tier} : ${range(step)}`).join(" ; ")}.` },
      tiers.map((step) =>
        element("span", { class: `meter-step tier-${step.tier}${step.tier === tier ? " current" : ""}` }, element("b", {}, String(step.tier)), element("small", {}, range(step))),
      ),
      marker,
    ),
    element("p", { class: "hint" }, sentences.join(" ")),
  );
}

const row = (label, ...amounts) =>
  element("tr", {}, element("th", { scope: "row" }, label), amounts.map((amount) => element("td", { class: "number" }, amount)));

export function showFunding(place, funding) {
  if (!funding) {
    place.replaceChildren(element("p", { class: "quiet" }, "Ajoutez des communes pour connaître le financement."));
    return;
  }
  const total = (label, { without_optional: base, with_optional: all }) => row(label, euros(base), euros(all));
  place.replaceChildren(
    element(
      "div",
      { class: "table-scroll" },
      element(
        "table",
        { class: "data" },
        element("caption", {}, `Taille ${funding.tier}`, element("small", {}, "Accord conventionnel interprofessionnel, euros par an")),
        element("thead", {}, element("tr", {}, element("th", { scope: "col" }, "Total"), element("th", { scope: "col", class: "number" }, "Socle"), element("th", { scope: "col", class: "number" }, "Avec options"))),
        element("tbody", {}, total("Année 1", funding.year_1), total("Année 2", funding.year_2), total("Au plus", funding.total_possible)),
      ),
    ),
    element(
      "details",
      {},
      element("summary", {}, "Détail par mission"),
      element(
        "div",
        { class: "table-scroll", role: "region", tabindex: "0", "aria-label": "Détail par mission" },
        element(
          "table",
          { class: "data" },
          element("thead", {}, element("tr", {}, ["Mission", "Fixe", "Variable"].map((title, i) => element("th", { scope: "col", class: i ? "number" : null }, title)))),
          element(
            "tbody",
            {},
            row("Fonctionnement", euros(funding.functioning), "—"),
            funding.missions.map((mission) =>
              mission.plan_first_year
                ? row(`${mission.label} : plan, puis crise`, euros(mission.plan_first_year), euros(mission.crisis))
                : row(`${mission.label}${mission.optional ? " (optionnelle)" : ""}`, euros(mission.fixed), euros(mission.variable)),
            ),
          ),
        ),
      ),
    ),
    element("p", { class: "hint" }, `Contrat de démarrage : ${euros(funding.early_mission_contract)}. Au-delà de ${euros(funding.auditor_threshold)} d’argent public par an, un commissaire aux comptes est obligatoire.`),
  );
}
