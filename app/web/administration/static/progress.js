// How far an import is, until there is something else to see.
const place = document.querySelector("#avancement");
const step = document.querySelector("#etape");
const gauge = document.querySelector("#jauge");

async function look() {
  const answer = await fetch(place.dataset.address, { headers: { Accept: "application/json" } });
  if (!answer.ok) return;
  const told = await answer.json();
  if (!["waiting", "working"].includes(told.state) || told.silent) {
    location.reload();
    return;
  }
  if (told.step && !step.textContent.startsWith(told.step)) step.textContent = `${told.step}…`;
  if (told.total) {
    gauge.max = told.total;
    gauge.value = told.done;
  } else {
    gauge.removeAttribute("value");
  }
  setTimeout(look, 700);
}

setTimeout(look, 500);
