// The draft in the fragment of the address: compact, and never sent to the service.
//
//   #t=<communes>&v=<locked communes>&q=<text not yet resolved>&cpts=<CPTS amended>
//   &p=<parts of communes>&w=<locked parts>
//
// A list of communes is the numbers of their codes in rising order, each written as its
// distance from the one before, in base 64 with five bits of number per character; their
// count stands first, so that a link cut short is noticed. Parts of communes are written as
// they are, with commas between. docs/builder.md tells it in full.

const DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
const CODE = /^(\d\d|2A|2B)\d{3}$/;
const PART = /^(\d\d|2A|2B)\d{3}(\d{4}|-\d{2,})$/;
// Corsica's letters become two departments that no longer exist.
const CORSICA = { "2A": "20", "2B": "96" };
const CORSICA_BACK = { 20: "2A", 96: "2B" };
const LONGEST_TEXT = 200;
const MOST_TEXTS = 100;

export const isCode = (text) => CODE.test(text) || PART.test(text);

const numberOf = (code) => Number((CORSICA[code.slice(0, 2)] ?? code.slice(0, 2)) + code.slice(2));

function codeOf(number) {
  const digits = String(number).padStart(5, "0");
  return (CORSICA_BACK[digits.slice(0, 2)] ?? digits.slice(0, 2)) + digits.slice(2);
}

function write(number) {
  let written = "";
  while (number > 31) {
    written += DIGITS[32 + (number % 32)];
    number = Math.floor(number / 32);
  }
  return written + DIGITS[number];
}

export function encodeCodes(codes) {
  const numbers = [...new Set(codes)].map(numberOf).sort((one, other) => one - other);
  let before = -1;
  let written = write(numbers.length);
  for (const number of numbers) {
    written += write(number - before - 1);
    before = number;
  }
  return written;
}

// Gives null when the text is no such list, or not the whole of one.
export function decodeCodes(text) {
  const numbers = [];
  let value = 0;
  let scale = 1;
  for (const character of text) {
    const digit = DIGITS.indexOf(character);
    if (digit < 0 || scale > 32 ** 4) return null;
    value += (digit % 32) * scale;
    scale *= 32;
    if (digit >= 32) continue;
    numbers.push(value);
    value = 0;
    scale = 1;
  }
  if (scale !== 1 || numbers.length === 0 || numbers[0] !== numbers.length - 1) return null;
  let before = -1;
  const codes = [];
  for (const step of numbers.slice(1)) {
    before += step + 1;
    if (before > 99999) return null;
    codes.push(codeOf(before));
  }
  return codes.every((code) => CODE.test(code)) ? codes : null;
}

// Writes codes under two names: those of communes as numbers, those of parts as they are.
function written(communes, parts, codes) {
  const whole = codes.filter((code) => CODE.test(code));
  const divided = codes.filter((code) => PART.test(code));
  return [
    ...(whole.length ? [`${communes}=${encodeCodes(whole)}`] : []),
    ...(divided.length ? [`${parts}=${[...divided].sort().join(",")}`] : []),
  ];
}

// Gives null when something of it cannot be read.
function read(values, communes, parts) {
  const whole = values.has(communes) ? decodeCodes(values.get(communes)) : [];
  const divided = values.has(parts) ? values.get(parts).split(",") : [];
  return whole === null || !divided.every((code) => PART.test(code)) ? null : [...whole, ...divided];
}

export const emptyDraft = () => ({ codes: [], locked: [], asked: [], cpts: null });

export function fragmentOf(draft) {
  const parts = [];
  parts.push(...written("t", "p", draft.codes), ...written("v", "w", draft.locked));
  for (const text of draft.asked) parts.push(`q=${encodeURIComponent(text)}`);
  if (draft.cpts !== null) parts.push(`cpts=${draft.cpts}`);
  return parts.length ? `#${parts.join("&")}` : "";
}

// Reads any fragment. `given` are communes in plain words, as other pages write links
// (`#communes=59350,59360`); `damaged` tells that something could not be read.
export function readFragment(fragment) {
  const values = new URLSearchParams(fragment.replace(/^#/, ""));
  const draft = emptyDraft();
  const codes = read(values, "t", "p");
  const locked = read(values, "v", "w");
  draft.codes = codes ?? [];
  draft.locked = (locked ?? []).filter((code) => draft.codes.includes(code));
  draft.asked = values.getAll("q").map((text) => text.slice(0, LONGEST_TEXT)).filter((text) => text.trim());
  draft.asked = [...new Set(draft.asked)].slice(0, MOST_TEXTS);
  const cpts = values.get("cpts") ?? "";
  if (/^[1-9]\d{0,15}$/.test(cpts)) draft.cpts = Number(cpts);
  const given = (values.get("communes") ?? "").split(",").map((text) => text.trim()).filter(Boolean);
  return { draft, given, damaged: codes === null || locked === null };
}
