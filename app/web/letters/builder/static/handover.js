// Hands the draft over to the deposit of a letter: for whoever is signed in and may deposit.

const form = document.getElementById("deposit-form");
const button = document.getElementById("deposit-button");

export function showHandover({ codes, asked }) {
  if (button) button.disabled = codes.length === 0 && asked.length === 0;
}

export function connectHandover(draft) {
  form?.addEventListener("submit", () => {
    const { codes, asked, cpts } = draft.now;
    form.elements.territory.value = [...codes, ...asked].join("\n");
    form.elements.cpts.value = cpts ?? "";
  });
}
