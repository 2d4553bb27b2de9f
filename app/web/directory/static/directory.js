// The list and the map move with each other, and addresses are copied by one button. Without
// this file the form, the list, the map and the files work as they are.

const directory = document.querySelector(".directory");
const frame = document.querySelector(".directory-map iframe");

document.addEventListener("click", async (event) => {
  const button = event.target.closest("button.copy");
  if (!button) return;
  const from = button.dataset.copyFrom && document.getElementById(button.dataset.copyFrom);
  const text = from ? from.value : button.dataset.copy;
  try {
    await navigator.clipboard.writeText(text);
    button.dataset.said ??= button.textContent;
    button.textContent = "Copié";
    setTimeout(() => (button.textContent = button.dataset.said), 2000);
  } catch {
    // Where a browser refuses, the text can still be marked and copied by hand.
    from?.select();
  }
});

function reveal(within) {
  for (const button of within.querySelectorAll("button.copy")) {
    button.hidden = navigator.clipboard === undefined;
  }
  for (const button of within.querySelectorAll("button.show-on-map")) button.hidden = !frame;
}
reveal(document);

if (directory && frame) follow();

function follow() {
  const path = directory.dataset.path;
  const checkbox = document.getElementById("suivre");
  let map = null;
  let asking = null;
  let timer = null;
  // A view that the list asked for is no wish to search there.
  let moving = false;

  checkbox.closest("label").hidden = false;
  checkbox.checked = new URLSearchParams(location.search).has("bbox");

  document.addEventListener("click", (event) => {
    const button = event.target.closest("button.show-on-map");
    if (!button) return;
    moving = true;
    frame.contentWindow.cptsMap?.show(Number(button.dataset.cpts));
    moving = false;
    frame.scrollIntoView({ block: "nearest" });
  });

  function tie() {
    map = frame.contentWindow.cptsMap?.map ?? null;
    if (!map) return;
    map.on("moveend", () => {
      if (!checkbox.checked || moving) return;
      clearTimeout(timer);
      timer = setTimeout(search, 300);
    });
    // What is opened on the map is shown in the list, where it is on this page of it.
    map.on("popupopen", ({ popup }) => {
      const id = popup._source?.feature?.id;
      for (const item of document.querySelectorAll(".directory-item.shown")) {
        item.classList.remove("shown");
      }
      const item = id && document.getElementById(`cpts-${id}`);
      if (!item) return;
      item.classList.add("shown");
      item.scrollIntoView({ block: "nearest" });
    });
  }
  if (frame.contentDocument?.readyState === "complete" && frame.contentWindow.cptsMap) tie();
  else frame.addEventListener("load", tie);

  checkbox.addEventListener("change", search);

  async function search() {
    const asked = new URL(location.href);
    asked.searchParams.delete("page");
    asked.searchParams.delete("bbox");
    if (checkbox.checked && map) {
      const view = map.getBounds();
      const corners = [
        Math.max(-180, view.getWest()),
        Math.max(-90, view.getSouth()),
        Math.min(180, view.getEast()),
        Math.min(90, view.getNorth()),
      ];
      asked.searchParams.set("bbox", corners.map((value) => value.toFixed(3)).join(","));
    }
    asking?.abort();
    asking = new AbortController();
    try {
      const address = path + asked.search.replaceAll("%2C", ",");
      const answer = await fetch(address, { signal: asking.signal, headers: { Accept: "text/html" } });
      if (!answer.ok) return;
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      for (const id of ["resultats", "filtres"]) {
        const fresh = page.getElementById(id);
        if (fresh) document.getElementById(id).replaceWith(document.adoptNode(fresh));
      }
      reveal(document);
      history.replaceState(null, "", address);
    } catch (problem) {
      if (problem.name !== "AbortError") throw problem;
    }
  }
}
