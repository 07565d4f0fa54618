// @ts-check
/* The page "Your progress": what the reader did, beside what there is, and all of it away as a file and back.
 *
 * book/_ext/progress.py writes the list of what there is, and makes this one plain script with what it imports: so it works
 * in a file, too. What has been done, progress.js knows, which counts for the menu as well.
 */
import { asFile, forget, fromFile, takeBack } from "./backup.mjs";
import { button, element } from "./elements.mjs";
import { said } from "./take.mjs";

const NAME = "otp-patterns-progress.json", LARGEST = 20_000_000; // bytes; no browser keeps as much
const TEXTS = {
  none: "You have not passed an exercise or made a prediction in this browser yet. ",
  refused: "This browser lets the page keep nothing, so nothing can be shown or saved here: a private window does that, and some browsers do it to a page that is opened as a file. ",
  file: " Opened as files, some pages of the book may not see what you did on others.",
  nothing: "There is nothing yet.",
  saved: "Saved. It is with your downloads.",
  forgotten: "Everything is forgotten. You can undo that until you leave this page.",
  undone: "All of it is back.",
};

/** @typedef {{page: string, chapter: string, title: string, exercises: string[][], states: string[], passed: number, predicted: number, predictions: number, begun: boolean}} Done */

/** @returns {{progress: () => Done[], edition: (text: string) => string}} */
const counts = () => /** @type {any} */ (globalThis).otpProgress;

/** localStorage, or null where the browser has none for this page. */
const storage = () => { try { return localStorage; } catch { return null; } };

/** @param {number} number @param {string} what */
const count = (number, what) => `${number} ${what}${number === 1 ? "" : "s"}`;

/** @param {number[]} numbers */
const sum = (numbers) => numbers.reduce((one, other) => one + other, 0);

/* --- what has been done ------------------------------------------------------------------------------------ */

/** Where to go on: in the last chapter that was begun, or in the next that has something left. @param {Done[]} all */
const next = (all) => {
  const last = all.findLastIndex((one) => one.begun), open = (/** @type {Done} */ one) => one.passed < one.exercises.length;
  const chapter = all.slice(Math.max(last, 0)).find(open) ?? all.find(open);
  const at = chapter?.states.findIndex((state) => state !== "passed") ?? -1;
  return chapter && { chapter, id: chapter.exercises[at][0], begun: last >= 0 };
};

/** A link that stands in the list, for another place. @param {string} id @param {string} [text] */
const linkTo = (id, text) => {
  const there = /** @type {HTMLAnchorElement | null} */ (document.getElementById(id)?.querySelector("a[href]"));
  return element("a", { href: there?.href ?? "#", textContent: text ?? there?.textContent ?? "" });
};

/** @param {Done[]} all @returns {(string | Node)[]} */
const summary = (all) => {
  const passed = sum(all.map((one) => one.passed)), predicted = sum(all.map((one) => one.predicted));
  const told = `You have passed ${passed} of ${count(sum(all.map((one) => one.exercises.length)), "exercise")} and made ${predicted} of ${count(sum(all.map((one) => one.predictions)), "prediction")}. `;
  const on = next(all), begun = all.some((one) => one.begun), file = location.protocol === "file:" ? TEXTS.file : "";
  const name = `progress-${on?.chapter.chapter}`;
  const way = !on ? ["Nothing is left: every exercise is passed."]
    : begun ? ["Go on with ", linkTo(`${name}-${on.id}`), ` in ${on.chapter.title}.`] : ["Begin with ", linkTo(name, on.chapter.title), "."];
  return [storage() ? (begun ? told : TEXTS.none) : TEXTS.refused, ...way, file];
};

/** @param {Done} one */
const drawChapter = ({ chapter, exercises, states, predicted, predictions }) => {
  const made = document.getElementById(`progress-${chapter}-predictions`);
  if (made) made.textContent = `${predicted} of ${count(predictions, "prediction")} made`;
  exercises.forEach(([id], at) => {
    const place = document.getElementById(`progress-${chapter}-${id}`);
    place?.querySelector(".progress-state")?.remove();
    const state = element("span", { className: "progress-state", textContent: states[at] || "not yet" });
    state.dataset.state = states[at];
    (place?.querySelector("p") ?? place)?.append(" ", state);
  });
};

const draw = () => {
  const all = counts().progress();
  all.forEach(drawChapter);
  document.getElementById("progress-says")?.replaceChildren(...summary(all));
};

/* --- away as a file, and back -------------------------------------------------------------------------------- */

class File {
  /** @param {HTMLElement} place */
  constructor(place) {
    this.forgotten = /** @type {string[]} */ ([]); // what was forgotten each time, as a file
    this.says = element("span", { className: "progress-file-says" });
    this.says.setAttribute("role", "status");
    this.undo = button("Undo", "", () => this.bringBack());
    this.undo.hidden = true;
    this.chooser = element("input", { type: "file", accept: ".json,application/json", hidden: true, onchange: () => this.chosen() });
    this.forget = button("Forget everything", "", () => this.ask());
    this.sure = element("div", { className: "progress-sure", hidden: true });
    this.sure.setAttribute("role", "group");
    const controls = element("div", { className: "progress-file" },
      button("Save as a file", "", () => this.save()), button("Take a file back", "", () => this.chooser.click()), this.forget, this.chooser);
    place.replaceWith(controls, this.sure, element("p", {}, this.says, " ", this.undo));
  }

  /** @param {string} text */
  say(text) { this.says.textContent = text; }

  /** What the browser keeps, as a file; "" where there is nothing. */
  everything() {
    const place = storage(), text = place ? asFile(place) : "";
    return text && fromFile(text).length ? text : "";
  }

  save() {
    const text = this.everything();
    if (!text) return this.say(TEXTS.nothing);
    const link = element("a", { download: NAME, href: URL.createObjectURL(new Blob([text], { type: "application/json" })) });
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
    this.say(TEXTS.saved);
  }

  async chosen() {
    const [file] = this.chooser.files ?? [];
    const text = file && file.size <= LARGEST ? await file.text().catch(() => "") : "";
    this.chooser.value = "";
    this.take(text, (came) => `${count(came.chapters, "chapter")}: ${said(came)}`);
  }

  /** Take a file over, and say so; whether it was done. @param {string} text @param {(came: ReturnType<typeof takeBack>) => string} words */
  take(text, words) {
    let done = false;
    try {
      const course = new Map(counts().progress().map((one) => [one.chapter, new Map(one.exercises.map(([id, , , edition]) => [id, edition]))]));
      const chapters = fromFile(text), place = storage() ?? /** @type {any} */ ({});
      this.say(words(takeBack(place, chapters, (chapter, id, published) => course.get(chapter)?.get(id) === counts().edition(published))));
      done = true;
    } catch (error) {
      this.say(/** @type {Error} */ (error).message);
    }
    dispatchEvent(new Event("otp-progress"));
    return done;
  }

  /** Ask before all is forgotten. */
  ask() {
    const text = this.everything();
    if (!text) return this.say(TEXTS.nothing);
    const all = fromFile(text).map(([, kept]) => kept), sizes = (/** @type {(kept: any) => object} */ part) => sum(all.map((kept) => Object.keys(part(kept)).length));
    const words = `Forget ${count(sizes((kept) => ({ ...kept.edits, ...kept.aside })), "cell")} that you changed, ${count(sizes((kept) => kept.exercises), "exercise")} and ${count(sizes((kept) => kept.predictions), "prediction")}?`;
    const close = () => { this.sure.hidden = true; this.forget.focus(); };
    const keep = button("Keep them", "", close);
    const all_of_it = button("Forget them", "", () => { close(); this.forgetAll(); });
    this.sure.onkeydown = ({ key }) => { if (key === "Escape") close(); };
    this.sure.setAttribute("aria-label", words);
    this.sure.replaceChildren(words, " ", all_of_it, " ", keep);
    this.sure.hidden = false;
    keep.focus();
  }

  forgetAll() {
    this.forgotten.push(this.everything());
    const place = storage();
    if (place) forget(place);
    this.undo.hidden = false;
    this.undo.focus();
    this.say(TEXTS.forgotten);
    dispatchEvent(new Event("otp-progress"));
  }

  /** Bring back what was forgotten, the last first: where it meets something older, that stands aside. */
  bringBack() {
    while (this.forgotten.length && this.take(this.forgotten.at(-1) ?? "", () => TEXTS.undone)) this.forgotten.pop();
    this.undo.hidden = !this.forgotten.length;
    if (this.undo.hidden) this.forget.focus();
  }
}

const start = () => {
  const place = document.getElementById("progress-file");
  if (place) new File(place);
  draw();
  for (const news of ["otp-progress", "storage"]) addEventListener(news, draw);
};

if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start);
else start();
