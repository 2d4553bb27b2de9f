// Lists that come in and go out as files.

import { checkFile } from "./api.js";
import { isCode } from "./address.js";

const LONGEST_LINE = 200;
const CODE_TITLES = ["code", "code_commune", "code_insee", "insee", "codgeo", "commune_code", "insee_com", "code commune", "code insee"];
const NAME_TITLES = ["commune", "nom", "name", "nom_commune", "libelle", "libgeo", "nom commune", "commune_name"];

// Cells of one line; quotes may hold separators, and double for themselves.
function cells(line, separator) {
  const found = [];
  let cell = "";
  let quoted = false;
  for (let i = 0; i < line.length; i += 1) {
    const character = line[i];
    if (quoted && character === '"' && line[i + 1] === '"') {
      cell += '"';
      i += 1;
    } else if (character === '"') quoted = !quoted;
    else if (character === separator && !quoted) {
      found.push(cell.trim());
      cell = "";
    } else cell += character;
  }
  return [...found, cell.trim()];
}

// One entry per commune: a column of codes or of names under its title, else whole lines.
export function readList(text) {
  const lines = text.replace(/^\uFEFF/, "").split(/\r?\n/).map((line) => line.trim()).filter(Boolean);
  if (lines.length === 0) return [];
  const separator = [";", "\t", ","].find((mark) => lines[0].includes(mark));
  const titles = (separator ? cells(lines[0], separator) : [lines[0]]).map((title) => title.toLowerCase());
  let column = titles.findIndex((title) => CODE_TITLES.includes(title));
  if (column < 0) column = titles.findIndex((title) => NAME_TITLES.includes(title));
  const entries =
    column >= 0
      ? lines.slice(1).map((line) => (separator ? cells(line, separator)[column] : line) ?? "")
      : lines.flatMap((line) => {
          const words = line.split(/[\s;,]+/).filter(Boolean);
          if (words.every(isCode)) return words;
          const [first] = separator ? cells(line, separator) : [line];
          return isCode(first) ? [first] : [line];
        });
  const whole = entries.map((entry) => entry.replace(/[\s;,]+$/, "").slice(0, LONGEST_LINE)).filter(Boolean);
  // Spreadsheets take the zero from 01004.
  return [...new Set(whole.map((entry) => (/^\d{4}$/.test(entry) ? `0${entry}` : entry)))];
}

async function textOf(file) {
  const bytes = await file.arrayBuffer();
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return new TextDecoder("windows-1252").decode(bytes);
  }
}

// Gives `{lines}` of a text or CSV file, or `{answer}` of the check for any other kind.
export async function readFile(file) {
  if (/\.(txt|csv|tsv)$/i.test(file.name) || file.type.startsWith("text/")) {
    return { lines: readList(await textOf(file)) };
  }
  return { answer: await checkFile(file) };
}

const quoted = (text) => (/[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);

export const csvOf = (communes) =>
  ["code,name,population", ...communes.map(({ code, name, population }) => `${code},${quoted(name)},${population ?? ""}`), ""].join("\r\n");

export const geojsonOf = (features) =>
  JSON.stringify({
    type: "FeatureCollection",
    features: features.map(({ id, geometry, properties: { code, name, population } }) => ({
      type: "Feature",
      id,
      geometry,
      properties: { code, name, population },
    })),
  });

export function save(name, text, type) {
  const address = URL.createObjectURL(new Blob([text], { type }));
  const link = document.createElement("a");
  link.href = address;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}
