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

// Every CPTS of the filter: `next` is followed unless the reader asked for one page. The map of
// one CPTS has that alone.
export async function fetchCpts(page) {
  if (page.own !== null) {
    const own = await collection(page.cpts);
    return { features: [own], matched: 1, changed: null };
  }
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

export const fetchDepartments = (address, detail, signal) =>
  collection(withParameters(address, { detail }), signal);

// All that the API tells of one CPTS, on the day that the map shows.
export const fetchItem = (page, id) =>
  collection(withParameters(`${page.item}/${id}`, { at: page.at }));

const NOTHING = { type: "FeatureCollection", features: [] };

const collectionAt = (address) => (address ? collection(address) : Promise.resolve(NOTHING));

// Of the CPTS that the map is about, or the commune that it marks.
export const fetchCommunes = (page) => collectionAt(page.communes);

// Disputes are those of today: a map of another day has none.
export const fetchConciliations = (page) => collectionAt(page.conciliations);

export const within = (address, box) => withParameters(address, { bbox: box.join(",") });

export const fetchWithin = (address, box, detail) =>
  collection(withParameters(within(address, box), { detail }));

// The same CPTS at a finer scale, where the reader looks.
export async function fetchFiner(page, detail, bbox, signal) {
  const finer = (address, changes) =>
    collection(withParameters(address, { detail, ...changes }), signal);
  const place = { bbox, limit: null, offset: null };
  // The map of one CPTS has that alone, whole.
  const meant =
    page.own === null
      ? finer(page.cpts, place).then(({ features }) => features)
      : finer(page.cpts, {}).then((own) => [own]);
  const others = page.around
    ? finer(page.around, { bbox }).then(({ features }) => features)
    : Promise.resolve([]);
  return (await Promise.all([meant, others])).flat();
}
