// What a tooltip, a popup and the list say of a CPTS. Data only ever becomes text nodes.

// Made when first needed: that takes longer than to read this file.
let number = null;
let day = null;

export function count(value) {
  number ??= new Intl.NumberFormat("fr-FR");
  return number.format(value);
}

export function longDate(value) {
  day ??= new Intl.DateTimeFormat("fr-FR", { dateStyle: "long", timeZone: "Europe/Paris" });
  // A bare date is that day everywhere; midnight UTC may be another one elsewhere.
  return day.format(new Date(/^\d{4}-\d\d-\d\d$/.test(value) ? `${value}T12:00:00Z` : value));
}

// Names come with the apostrophe of a keyboard; French is printed with its own.
const printed = (child) =>
  typeof child === "string" ? child.replace(/(?<=\p{L})'(?=[\p{L}\d«])/gu, "’") : child;

export function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children.map(printed));
  return made;
}

const SVG = "http://www.w3.org/2000/svg";

export function drawing(tag, attributes, ...children) {
  const made = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

export const tierText = (tier) => (tier === null ? "taille inconnue" : `taille ${tier}`);

export const stageText = (cpts) => cpts.stage_label ?? "stade inconnu";

export function tooltip(cpts) {
  return element(
    "div",
    { class: "cpts-tooltip" },
    element("strong", {}, cpts.name),
    element("span", {}, `${stageText(cpts)} · ${tierText(cpts.tier)}`),
  );
}

// The same for those who hear the map.
export const told = (cpts) => `${cpts.name}, ${stageText(cpts)}, ${tierText(cpts.tier)}.`;

function websiteLink(given) {
  let url;
  try {
    url = new URL(given);
  } catch {
    return given;
  }
  if (url.protocol !== "http:" && url.protocol !== "https:") return given;
  const path = url.pathname === "/" ? "" : url.pathname;
  return element(
    "a",
    { href: url.href, target: "_blank", rel: "noopener noreferrer nofollow" },
    url.host + path,
  );
}

const emailLink = (given) =>
  /^[^\s@<>"'`?&/\\]+@[^\s@<>"'`?&/\\]+$/.test(given)
    ? element("a", { href: `mailto:${given}` }, given)
    : given;

// After the code of a country the zero that is dialled within it is left out.
const dialled = (given) => given.replace(/^(\+.*)\(\s*0\s*\)/, "$1").replace(/[^\d+]/g, "");

const phoneLink = (given) =>
  /^\+?[\d\s().-]{4,}$/.test(given)
    ? element("a", { href: `tel:${dialled(given)}` }, given)
    : given;

function population(cpts) {
  const shown = `${count(cpts.population)} habitants (population municipale ${cpts.population_year})`;
  if (!cpts.population_note) return [shown];
  return [
    shown,
    element("small", {}, `Autre millésime : ${cpts.population_note}`),
  ];
}

function stageDate(cpts) {
  return cpts.stage_since ? `depuis le ${longDate(cpts.stage_since)}` : "depuis une date inconnue";
}

// Where its page leads from here: in place of a page of this site that frames the map, and
// beside the page of another.
function ownLinks(cpts, at, framed) {
  const elsewhere = !framed && window.top !== window;
  const target = framed ? { target: "_top" } : elsewhere ? { target: "_blank", rel: "noopener" } : {};
  const link = (text, place) =>
    element(
      "a",
      { href: `/cpts/${cpts.id}${at ? `?at=${at}` : ""}${place}`, ...target },
      text,
    );
  const links = [link("Sa page", "")];
  if (cpts.commune_count) {
    links.push(link("Ses communes", "#communes"), link("Ses voisines", "#voisines"));
  }
  return element("ul", { class: "own-links" }, ...links.map((each) => element("li", {}, each)));
}

// `at`: the ISO day that the map shows, if any; `framed`: by a page of this site.
export function popup(cpts, departmentName, at, framed) {
  const facts = element("dl");
  const tell = (term, ...values) =>
    facts.append(element("dt", {}, term), element("dd", {}, ...values));

  tell(
    "Stade",
    stageText(cpts),
    ...(cpts.stage ? [element("small", {}, stageDate(cpts))] : []),
  );
  if (cpts.commune_count) {
    tell("Population", ...population(cpts));
    tell("Taille", cpts.tier === null ? "inconnue" : String(cpts.tier));
    tell("Communes", count(cpts.commune_count));
    tell(
      cpts.departments.length > 1 ? "Départements" : "Département",
      cpts.departments.map(departmentName).join(", "),
    );
  } else {
    tell("Territoire", "Aucune commune pour l’instant");
  }
  if (cpts.themes.length > 0) {
    tell(
      cpts.themes.length > 1 ? "Thèmes" : "Thème",
      cpts.themes.map((theme) => theme.label).join(", "),
    );
  }
  if (cpts.website) tell("Site", websiteLink(cpts.website));
  if (cpts.email) tell("Courriel", emailLink(cpts.email));
  if (cpts.phone) tell("Téléphone", phoneLink(cpts.phone));

  const heading = element("h2", {}, cpts.name);
  if (cpts.acronym) heading.append(" ", element("small", {}, `(${cpts.acronym})`));
  heading.id = `about-${cpts.id}`;
  const said = element(
    "div",
    { class: "cpts-popup", role: "dialog", tabindex: "-1", "aria-labelledby": heading.id },
    heading,
  );
  if (cpts.demonstration) {
    said.append(element("p", { class: "fictitious" }, "Démonstration : CPTS fictive"));
  }
  // First: what follows may be longer than the popup, which then cuts what is last.
  said.append(ownLinks(cpts, at, framed), facts);
  return said;
}
