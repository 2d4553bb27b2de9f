// The draft in the fragment of the address: compact, and never sent to the service.
//
//   #t=<communes>&v=<locked communes>&q=<text not yet resolved>&cpts=<CPTS amended>
//
// A list of communes is the numbers of their codes in rising order, each written as its
// distance from the one before, in base 64 with five bits of number per character; their
// count stands first, so that a link cut short is noticed. docs/builder.md tells it in full.

const DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
const CODE = /^(\d\d|2A|2B)\d{3}$/;
// Corsica's letters become two departments that no longer exist.
const CORSICA = { "2A": "20", "2B": "96" };
const CORSICA_BACK = { 20: "2A", 96: "2B" };
const LONGEST_TEXT = 200;
const MOST_TEXTS = 100;

export const isCode = (text) => CODE.test(text);

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
  return codes.every(isCode) ? codes : null;
}

export const emptyDraft = () => ({ codes: [], locked: [], asked: [], cpts: null });

export function fragmentOf(draft) {
  const parts = [];
  if (draft.codes.length) parts.push(`t=${encodeCodes(draft.codes)}`);
  if (draft.locked.length) parts.push(`v=${encodeCodes(draft.locked)}`);
  for (const text of draft.asked) parts.push(`q=${encodeURIComponent(text)}`);
  if (draft.cpts !== null) parts.push(`cpts=${draft.cpts}`);
  return parts.length ? `#${parts.join("&")}` : "";
}

// Reads any fragment. `given` are communes in plain words, as other pages write links
// (`#communes=59350,59360`); `damaged` tells that something could not be read.
export function readFragment(fragment) {
  const values = new URLSearchParams(fragment.replace(/^#/, ""));
  const draft = emptyDraft();
  const codes = values.has("t") ? decodeCodes(values.get("t")) : [];
  const locked = values.has("v") ? decodeCodes(values.get("v")) : [];
  draft.codes = codes ?? [];
  draft.locked = (locked ?? []).filter((code) => draft.codes.includes(code));
  draft.asked = values.getAll("q").map((text) => text.slice(0, LONGEST_TEXT)).filter((text) => text.trim());
  draft.asked = [...new Set(draft.asked)].slice(0, MOST_TEXTS);
  const cpts = values.get("cpts") ?? "";
  if (/^[1-9]\d{0,15}$/.test(cpts)) draft.cpts = Number(cpts);
  const given = (values.get("communes") ?? "").split(",").map((text) => text.trim()).filter(Boolean);
  return { draft, given, damaged: codes === null || locked === null };
}
