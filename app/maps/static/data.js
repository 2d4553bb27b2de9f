// What the map shows, fetched from the service.

// A link may carry the outside address of the service, which need not be the one this
// page was opened at; the policy of the page allows its own origin only.
const here = (address) => {
  const url = new URL(address, location.href);
  return url.pathname + url.search;
};

async function collection(address, signal) {
  const answer = await fetch(address, { credentials: "same-origin", signal });
  if (!answer.ok) throw new Error(`${answer.status} ${address}`);
  return answer.json();
}

const withParameters = (address, changes) => {
  const url = new URL(address, location.href);
  for (const [name, value] of Object.entries(changes)) {
    if (value === null) url.searchParams.delete(name);
    else url.searchParams.set(name, value);
  }
  return here(url);
};

// Every CPTS of the filter: `next` is followed unless the reader asked for one page.
export async function fetchCpts(page) {
  let address = page.cpts;
  const features = [];
  let first = null;
  while (address) {
    const part = await collection(address);
    first ??= part;
    features.push(...part.features);
    const next = (part.links ?? []).find((link) => link.rel === "next");
    address = next && !page.onePage ? here(next.href) : null;
  }
  return { features, matched: first.numberMatched, changed: first.timeStamp };
}

export const fetchDepartments = (page, detail) =>
  collection(withParameters(page.departments, { detail }));

const NO_ZONES = { type: "FeatureCollection", features: [] };

// Disputes are those of today: a map of another day has none.
export const fetchConciliations = (page) =>
  page.conciliations ? collection(page.conciliations) : Promise.resolve(NO_ZONES);

// The same CPTS at a finer scale, where the reader looks.
export const fetchFiner = (page, detail, bbox, signal) =>
  collection(withParameters(page.cpts, { detail, bbox, limit: null, offset: null }), signal);
