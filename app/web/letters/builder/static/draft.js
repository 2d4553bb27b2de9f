// The draft and its steps. Each step is an entry of the browser's history, so that its
// back button, « Annuler » and a reload all agree.

import { emptyDraft, fragmentOf, readFragment } from "./address.js";

// Browsers keep fifty entries; older ones cannot be gone back to.
const REACHABLE_STEPS = 49;

const sorted = (codes) => [...new Set(codes)].sort();
const sameList = (one, other) => one.length === other.length && one.every((item, i) => item === other[i]);

const same = (one, other) =>
  one.cpts === other.cpts &&
  ["codes", "locked", "asked"].every((part) => sameList(one[part], other[part]));

function tidy(draft) {
  const codes = sorted(draft.codes);
  const kept = new Set(codes);
  return {
    codes,
    locked: sorted(draft.locked).filter((code) => kept.has(code)),
    asked: [...new Set(draft.asked)].slice(0, 100),
    cpts: draft.cpts,
  };
}

export class Draft {
  // `onChange(draft, label)` is called after every step, backwards ones too.
  constructor(onChange) {
    this.onChange = onChange;
    const read = readFragment(location.hash);
    this.given = read.given;
    this.damaged = read.damaged;
    this.now = tidy(read.draft);
    this.step = history.state?.step ?? 0;
    this.last = this.step;
    history.replaceState({ step: this.step, label: history.state?.label ?? "" }, "");
    addEventListener("popstate", () => this.#arrive());
  }

  get canUndo() {
    return this.step > 0 && this.last - this.step < REACHABLE_STEPS;
  }

  get canRedo() {
    return this.step < this.last;
  }

  has(code) {
    return this.now.codes.includes(code);
  }

  isLocked(code) {
    return this.now.locked.includes(code);
  }

  undo() {
    if (this.canUndo) history.back();
  }

  redo() {
    if (this.canRedo) history.forward();
  }

  // `parts` replaces parts of the draft; gives false when that changes nothing.
  change(parts, label) {
    const next = tidy({ ...this.now, ...parts });
    if (same(next, this.now)) return false;
    this.now = next;
    this.step += 1;
    this.last = this.step;
    history.pushState({ step: this.step, label }, "", this.address());
    this.onChange(this.now, label);
    return true;
  }

  // Says the same draft in other words (a former code is today's): no step of its own.
  correct(parts) {
    this.now = tidy({ ...this.now, ...parts });
    history.replaceState(history.state, "", this.address());
  }

  add(codes, label) {
    return this.change({ codes: [...this.now.codes, ...codes] }, label);
  }

  // Locked communes stay.
  remove(codes, label) {
    const gone = new Set(codes.filter((code) => !this.isLocked(code)));
    return this.change({ codes: this.now.codes.filter((code) => !gone.has(code)) }, label);
  }

  clear() {
    return this.change({ ...emptyDraft(), codes: this.now.locked, locked: this.now.locked }, "Territoire vidé");
  }

  setLocked(codes, locked, label) {
    const others = this.now.locked.filter((code) => !codes.includes(code));
    return this.change({ locked: locked ? [...others, ...codes] : others }, label);
  }

  address() {
    return location.pathname + location.search + fragmentOf(this.now);
  }

  #arrive() {
    const before = this.step;
    if (history.state?.step === undefined) {
      // The address was edited by hand, or a link to another draft was followed.
      this.step = this.last + 1;
      history.replaceState({ step: this.step, label: "Adresse modifiée" }, "");
    } else {
      this.step = history.state.step;
    }
    this.last = Math.max(this.last, this.step);
    const read = readFragment(location.hash);
    this.given = read.given;
    this.now = tidy(read.draft);
    this.onChange(this.now, this.step < before ? "Étape annulée" : "Étape rétablie");
  }
}
