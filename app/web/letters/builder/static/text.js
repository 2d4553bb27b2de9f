// Elements, numbers and words, as the page writes them. Text only ever enters as text.

const whole = new Intl.NumberFormat("fr-FR");
const tenths = new Intl.NumberFormat("fr-FR", { maximumFractionDigits: 1 });

export const count = (number) => whole.format(number);
export const kilometres = (number) => `${tenths.format(number)} km`;
export const euros = (number) => `${whole.format(number)} €`;

// 0 and 1 take the singular, as French does.
export const counted = (number, singular, plural = `${singular}s`) =>
  `${count(number)} ${number < 2 ? singular : plural}`;

export const inhabitants = (number) => counted(number, "habitant");

// element("p", { class: "quiet" }, "text", child): attributes, then children; null is left out.
export function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (key === "onclick") made.addEventListener("click", value);
    else made.setAttribute(key, value === true ? "" : value);
  }
  made.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return made;
}

export const button = (label, onclick, attributes = {}) =>
  element("button", { type: "button", class: "button secondary small", onclick, ...attributes }, label);

// « Arras, Lens et Béthune », or « Arras, Lens et 12 autres ».
export function enumerated(names, most = 4) {
  if (names.length <= 1) return names.join("");
  if (names.length > most + 1) {
    return `${names.slice(0, most).join(", ")} et ${names.length - most} autres`;
  }
  return `${names.slice(0, -1).join(", ")} et ${names.at(-1)}`;
}

export const byName = (() => {
  const collator = new Intl.Collator("fr", { numeric: true });
  return (one, other) => collator.compare(one.name, other.name) || (one.code < other.code ? -1 : 1);
})();

// Only what is plainly an address becomes a link.
export const safeAddress = (address) => (/^https?:\/\//i.test(address ?? "") ? address : null);
