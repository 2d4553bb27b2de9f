// Answers to a search while it is being typed. Without this file the form works as it is.

const DELAY_MS = 120;
const SHORTEST = 2;
// Room for the list, in pixels: with less the field goes to the top of what is seen.
const LEAST_ROOM = 240;
const MARGIN = 8;

for (const form of document.querySelectorAll("form[data-suggestions]")) {
  suggest(form, form.querySelector("input[type=search]"));
}

function suggest(form, input) {
  const list = document.createElement("ul");
  const status = document.createElement("p");
  let timer;
  let asking;
  let answered = "";
  let chosen = -1;

  list.id = `${input.id}-suggestions`;
  list.className = "suggestions";
  list.setAttribute("role", "listbox");
  list.setAttribute("aria-label", "Suggestions");
  list.hidden = true;
  status.className = "visually-hidden";
  status.setAttribute("role", "status");
  input.parentElement.append(list);
  form.append(status);
  input.setAttribute("role", "combobox");
  input.setAttribute("aria-autocomplete", "list");
  input.setAttribute("aria-controls", list.id);
  input.setAttribute("aria-expanded", "false");

  const options = () => [...list.children];

  // What is seen ends where the keyboard of a phone begins, and so must the list.
  function room() {
    const seen = window.visualViewport;
    const end = seen ? seen.offsetTop + seen.height : window.innerHeight;
    return end - MARGIN - list.getBoundingClientRect().top;
  }

  function fit() {
    if (!list.hidden) list.style.maxHeight = `${Math.max(room(), LEAST_ROOM / 2)}px`;
  }

  function close() {
    list.hidden = true;
    chosen = -1;
    input.setAttribute("aria-expanded", "false");
    input.removeAttribute("aria-activedescendant");
  }

  function choose(position) {
    const all = options();
    chosen = (position + all.length + 1) % (all.length + 1);
    if (chosen === all.length) chosen = -1;
    all.forEach((option, index) => option.setAttribute("aria-selected", String(index === chosen)));
    if (chosen < 0) {
      input.removeAttribute("aria-activedescendant");
    } else {
      input.setAttribute("aria-activedescendant", all[chosen].id);
      all[chosen].scrollIntoView({ block: "nearest" });
    }
  }

  function show(items) {
    list.replaceChildren(
      ...items.map((item, index) => {
        const option = document.createElement("li");
        const label = document.createElement("span");
        const detail = document.createElement("small");
        option.id = `${list.id}-${index}`;
        option.setAttribute("role", "option");
        option.setAttribute("aria-selected", "false");
        option.dataset.address = item.address;
        label.textContent = item.label;
        detail.textContent = item.detail;
        option.append(label, detail);
        return option;
      }),
    );
    chosen = -1;
    input.removeAttribute("aria-activedescendant");
    list.hidden = items.length === 0;
    if (!list.hidden && room() < LEAST_ROOM) input.scrollIntoView({ block: "start" });
    fit();
    input.setAttribute("aria-expanded", String(items.length > 0));
    const several = items.length > 1 ? "s" : "";
    status.textContent = items.length
      ? `${items.length} suggestion${several}, flèches pour choisir.`
      : "Aucune suggestion.";
  }

  async function ask() {
    const text = input.value.trim();
    asking?.abort();
    if (text.length < SHORTEST) {
      answered = "";
      status.textContent = "";
      close();
      return;
    }
    if (text === answered && !list.hidden) return;
    asking = new AbortController();
    try {
      const address = `${form.dataset.suggestions}?${new URLSearchParams({ q: text })}`;
      const response = await fetch(address, { signal: asking.signal });
      if (!response.ok) return close();
      const { items } = await response.json();
      if (document.activeElement !== input) return;
      answered = text;
      show(items);
    } catch (error) {
      if (error.name !== "AbortError") close();
    }
  }

  input.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(ask, DELAY_MS);
  });
  input.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && !list.hidden) {
      event.preventDefault();
      close();
    } else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      if (list.hidden) {
        if (event.key === "ArrowDown") ask();
        return;
      }
      event.preventDefault();
      choose(event.key === "ArrowDown" ? chosen + 1 : chosen < 0 ? options().length - 1 : chosen - 1);
    } else if (event.key === "Enter" && chosen >= 0) {
      event.preventDefault();
      location.assign(options()[chosen].dataset.address);
    }
  });
  // Before the field loses the focus, which closes the list.
  list.addEventListener("pointerdown", (event) => event.preventDefault());
  list.addEventListener("click", (event) => {
    const option = event.target.closest("[role=option]");
    if (option) location.assign(option.dataset.address);
  });
  input.addEventListener("blur", close);
  window.visualViewport?.addEventListener("resize", fit);
  window.visualViewport?.addEventListener("scroll", fit);
  window.addEventListener("scroll", fit, { passive: true });
  form.addEventListener("submit", () => {
    clearTimeout(timer);
    asking?.abort();
  });
}
