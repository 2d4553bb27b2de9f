// What the page asks of the service. Every problem becomes an Error with a French sentence.

const JSON_BODY = { "Content-Type": "application/json" };

async function answered(response) {
  if (response.ok) return response.json();
  let detail = "";
  try {
    const problem = await response.json();
    detail = problem.errors?.map((error) => error.message).join(" ") || problem.detail;
  } catch {
    // No problem document: a proxy answered.
  }
  throw new Error(detail || `Le service a répondu ${response.status}.`);
}

async function ask(address, options) {
  let response;
  try {
    response = await fetch(address, options);
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Error("Le service ne répond pas. Vérifiez votre connexion.");
  }
  return answered(response);
}

const post = (address, body, signal) =>
  ask(address, { method: "POST", headers: JSON_BODY, body: JSON.stringify(body), signal });

export const checkTerritory = (question, signal) => post("/api/v1/letters/check", question, signal);

export const makeNote = (question) => post("/api/v1/letters/notes", question);

export const findNearby = (question, signal) => post("/lettres/verification/proches", question, signal);

export function checkFile(file, signal) {
  const body = new FormData();
  body.append("file", file);
  return ask("/api/v1/letters/check/file", { method: "POST", body, signal });
}

// Five digits may be a commune's own code or a postcode.
export async function searchCommunes(text, signal) {
  const found = await Promise.all(
    (/^\d{5}$/.test(text) ? ["q", "postcode"] : ["q"]).map((name) =>
      ask(`/api/v1/communes?limit=12&${name}=${encodeURIComponent(text)}`, { signal }),
    ),
  );
  const byCode = new Map(found.flatMap(({ items }) => items).map((commune) => [commune.code, commune]));
  return [...byCode.values()].slice(0, 12);
}

export const searchCpts = (text, signal) =>
  ask(`/api/v1/cpts?limit=12&q=${encodeURIComponent(text)}`, { signal });

export const communesOf = (department) =>
  ask(`/lettres/verification/communes.geojson?department=${encodeURIComponent(department)}`);

export const departmentOutlines = () => ask("/maps/departments.geojson?detail=national");

let everyEpci = null;
export function epciList() {
  everyEpci ??= ask("/lettres/verification/epci.json").catch((error) => {
    everyEpci = null;
    throw error;
  });
  return everyEpci;
}

const known = new Map();
export function oneCpts(id) {
  if (!known.has(id)) {
    const asked = ask(`/api/v1/cpts/${id}`);
    known.set(id, asked);
    asked.catch(() => known.delete(id));
  }
  return known.get(id);
}
