// The map over time: a slider of months in place of the links of years.
const slider = document.getElementById("time-slider");
const input = document.getElementById("month");
const shown = document.getElementById("month-shown");
const play = document.getElementById("play");
const image = document.getElementById("time-map");
const caption = document.getElementById("time-caption");
const detail = document.getElementById("time-detail");

const iso = (year, month, day) =>
  `${year}-${String(month).padStart(2, "0")}-${String(day).padStart(2, "0")}`;
const lengthOf = (year, month) => new Date(Date.UTC(year, month, 0)).getUTCDate();
const written = new Intl.DateTimeFormat("fr-FR", { month: "long", year: "numeric", timeZone: "UTC" });
const writtenDay = new Intl.DateTimeFormat("fr-FR", { dateStyle: "long", timeZone: "UTC" });

// The last day of each month; of the present one, today.
function lastDays(first, today) {
  const days = [];
  let [year, month] = first.split("-").map(Number);
  while (iso(year, month, 1) <= today) {
    const last = iso(year, month, lengthOf(year, month));
    days.push(last < today ? last : today);
    [year, month] = month === 12 ? [year + 1, 1] : [year, month + 1];
  }
  return days;
}

const { first, today, at } = slider.dataset;
const days = lastDays(first, today);
let waiting = null;
let playing = null;

const addressOf = (path, day) => (day === today ? path : `${path}?at=${day}`);

function tell() {
  const date = new Date(`${days[input.value]}T00:00:00Z`);
  shown.textContent = written.format(date);
  input.setAttribute("aria-valuetext", written.format(date));
}

// One map at a time is asked for; those passed over in the meantime are not.
async function show() {
  const day = days[input.value];
  const date = new Date(`${day}T00:00:00Z`);
  const next = new Image();
  next.src = addressOf("/statistiques/carte.svg", day);
  await next.decode().catch(() => {});
  if (days[input.value] !== day) return;
  image.src = next.src;
  image.alt = `Carte des CPTS par stade, au ${writtenDay.format(date)}.`;
  caption.textContent = `au ${writtenDay.format(date)}`;
  detail.href = addressOf("/maps/cpts", day);
}

function changed() {
  tell();
  clearTimeout(waiting);
  waiting = setTimeout(show, 120);
}

function stop() {
  clearTimeout(playing);
  playing = null;
  play.textContent = "Lecture";
  play.setAttribute("aria-pressed", "false");
}

async function step() {
  if (Number(input.value) >= days.length - 1) return stop();
  input.value = Math.min(days.length - 1, Number(input.value) + 3);
  tell();
  await show();
  if (playing !== null) playing = setTimeout(step, 500);
}

play.addEventListener("click", () => {
  if (playing !== null) return stop();
  if (Number(input.value) >= days.length - 1) input.value = 0;
  play.textContent = "Pause";
  play.setAttribute("aria-pressed", "true");
  playing = setTimeout(step, 0);
});
input.addEventListener("input", () => {
  stop();
  changed();
});

input.max = days.length - 1;
const start = days.findIndex((day) => day >= at);
input.value = start < 0 ? days.length - 1 : start;
tell();
slider.hidden = false;
