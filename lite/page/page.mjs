// @ts-check
/* The code cells of a chapter's page run where they stand.
 *
 * book/_static/in_place.js loads this at the first touch. Editors come with the cells that are touched, Python with the
 * first editor or the first Run.
 */
import { Bar } from "./bar.mjs";
import { Cell } from "./cell.mjs";
import { Exercise } from "./exercises.mjs";
import { Link } from "./link.mjs";
import { asNotebook, fromNotebook } from "./notebook.mjs";
import { again, plan } from "./plan.mjs";
import { Store } from "./store.mjs";
import { said, take } from "./take.mjs";

/**
 * @typedef {object} Options
 * @property {string} chapter
 * @property {string} lite  the address of the live part
 * @property {{start: string, lock: string, packages: string[]}} python  as in live.json
 * @property {string} worker  its address
 * @property {string} copy  the address of the learner's copy
 * @property {string} notebook  the address of the chapter as a notebook
 * @property {HTMLElement[]} roots  the containers of the cells
 */

/** localStorage, or where the browser has none, an empty one. @returns {Storage} */
const storage = () => {
  try {
    return localStorage;
  } catch {
    return /** @type {any} */ ({ length: 0, getItem: () => null, setItem: () => { throw new Error("none"); } });
  }
};

/** Memory in which a running Python sees that it is to stop; only a page that is isolated may share some. */
const interruptBuffer = () => (globalThis.crossOriginIsolated ? new Uint8Array(new SharedArrayBuffer(1)) : null);

class ChapterPage {
  /** @param {Options} options */
  constructor(options) {
    this.options = options;
    this.notebook = options.notebook;
    this.store = new Store(options.chapter, storage());
    const begin = { lite: options.lite, ...options.python };
    this.link = new Link(() => new Worker(options.worker, { type: "module" }), begin, (told) => this.tell(told), { interrupt: interruptBuffer() });
    this.cells = /** @type {Cell[]} */ ([]);
    this.exercises = /** @type {Map<string, Exercise>} */ (new Map());
    options.roots.forEach((root, at) => this.cells.push(new Cell(root, at + 1, this)));
    for (const id of new Set(this.cells.map((cell) => cell.exercise))) {
      if (id) this.exercises.set(id, new Exercise(id, this.cells.filter((cell) => cell.exercise === id), this.store));
    }
    this.bar = new Bar(this.link, {
      name: ({ cell }) => `cell ${/** @type {Cell} */ (cell).number} of ${this.cells.length}`,
      show: () => this.current?.root.scrollIntoView({ block: "center" }),
      stop: () => this.current && this.stop(this.current),
      restart: () => this.restart(),
      afresh: () => this.link.restart() });
    document.body.append(this.bar.root);
    addEventListener("storage", ({ key }) => this.elsewhere(key));
    addEventListener("beforeunload", (event) => { if (this.store.memory.size) event.preventDefault(); }); // it would be lost
  }

  /** The cell that runs. */
  get current() { return /** @type {Cell | undefined} */ (this.link.running?.cell); }

  /** What runs, and what waits for its turn. */
  get jobs() { return [this.link.running, ...this.link.queue].filter((job) => job !== null); }

  /** @param {HTMLElement} root */
  cell(root) { return this.cells.find((cell) => cell.root === root); }

  /** @param {{state: import("./link.mjs").State, text: string, job: any}} told */
  tell(told) {
    if (["off", "failed", "unborn"].includes(told.state)) this.cells.forEach((cell) => { cell.ran = false; });
    this.bar.tell(told);
  }

  /* --- runs ----------------------------------------------------------------------------------------------- */

  /** @param {Cell} cell */
  run(cell) {
    if (cell.active) return cell.stale ? cell.draw("the text before runs still: press Stop, then Run") : undefined;
    cell.dress();
    this.link.run(this.works(plan(this.cells, cell)));
  }

  /** @param {Cell} cell */
  check(cell) {
    const checks = this.cells.filter((each) => each.role === "check" && each.exercise === cell.exercise);
    checks.forEach((each) => { this.run(each); each.sought = true; });
    checks.at(-1)?.root.scrollIntoView({ block: "nearest" });
  }

  /** @param {Cell} cell */
  stop(cell) { this.link.stop(() => this.works(again(this.cells, cell))); }

  /** A new Python in the place of one that is stuck; what had run above runs again. */
  restart() {
    const stuck = this.current;
    this.link.restart(() => (stuck ? this.works(again(this.cells, stuck)) : []));
  }

  /**
   * Planned jobs, with what they do to their cells. A cell waits once, however often it was asked for.
   * @param {import("./plan.mjs").Job<Cell>[]} planned
   * @returns {import("./link.mjs").Work[]}
   */
  works(planned) {
    const busy = new Set(this.jobs.map((job) => job.cell));
    return planned.filter(({ cell }) => !busy.has(cell)).map((job) => {
      const { cell } = job, source = this.cells.find((each) => each.id === job.code) ?? cell;
      cell.be("waiting");
      return {
        ...job,
        get source() { return cell.role === "verdict" ? source.published : source.code; }, // as it stands when it runs
        begin: () => cell.begin(job.above),
        message: (/** @type {any} */ data) => cell.message(data),
        end: (/** @type {Parameters<import("./link.mjs").Work["end"]>[0]} */ how, /** @type {any} */ because) => {
          cell.end(how, because?.cell);
          if (cell.role === "check") this.exercises.get(cell.exercise ?? "")?.update();
        },
      };
    });
  }

  /** The text of a cell has changed: what its check said is no longer about it. @param {Cell} cell */
  changed(cell) {
    if (cell.role !== "stub") return;
    for (const each of this.cells) if (each.role === "check" && each.exercise === cell.exercise) each.outdated();
  }

  /**
   * What a lab of the stored page asks: its cell runs first, once, and leaves what is shown alone.
   * @param {HTMLElement} root  the container of the cell
   * @param {number} at  which of the labs of the cell
   * @param {any[]} path
   * @param {number} [lane]
   */
  async askLab(root, at, path, lane) {
    const cell = this.cell(root);
    if (!cell) throw new Error("This lab has no cell.");
    if (!(cell.ran && cell.labs.worker === this.link.worker)) await this.ranQuietly(cell);
    const number = cell.labs.numbers[at];
    if (number === undefined) throw new Error("The cell of this lab does not run as it stands now.");
    return this.link.ask(cell.labs.worker, number, path, lane);
  }

  /**
   * Run a cell as what is above runs: the stored output stays. One that runs already, or waits, is waited for.
   * @param {Cell} cell
   * @returns {Promise<void>}
   */
  ranQuietly(cell) {
    return new Promise((resolve) => {
      const asked = this.jobs.find((job) => job.cell === cell);
      const works = asked ? [] : this.works(plan(this.cells, cell).map((job) => ({ ...job, above: true })));
      const last = asked ?? works.at(-1);
      if (!last) return resolve(undefined);
      const { end } = last;
      last.end = (how, because) => { end(how, because); resolve(undefined); };
      this.link.run(works);
    });
  }

  /* --- what is kept --------------------------------------------------------------------------------------- */

  /** Another tab of this browser has changed what is kept. @param {string | null} key */
  elsewhere(key) {
    const cell = this.cells.find(({ id }) => key === this.store.key(id));
    const edit = cell && this.store.read(cell.id, cell.published);
    const writes = cell?.root.contains(document.activeElement) && document.hasFocus(); // of two windows the one before the reader
    if (cell && !writes) cell.set(edit?.current ? edit.text : cell.published);
    this.exercises.forEach((exercise) => exercise.draw());
  }

  /** Everything that is kept of this chapter, as a notebook. @returns {Promise<string>} */
  async download() {
    const answer = await fetch(this.options.copy, { cache: "no-cache" });
    if (!answer.ok) throw new Error("The chapter could not be loaded.");
    return JSON.stringify(asNotebook(await answer.json(), this.store.kept()), null, 1);
  }

  /**
   * Take a notebook's cells as the reader's; answer in a sentence what came of it.
   * @param {any} notebook
   * @param {boolean} [current]  whether it is known to be of this edition
   */
  take(notebook, current = false) {
    const published = Object.fromEntries(this.cells.filter((cell) => cell.pre).map((cell) => [cell.id, cell.published]));
    const kept = fromNotebook(notebook, published, current);
    if (!kept) return "That is no notebook of this chapter; nothing was changed.";
    const came = take(this.store, kept, {
      placeOf: (id) => this.cells.find((cell) => cell.id === id && cell.pre)?.taking() ?? null,
      current: (id, text) => text === this.exercises.get(id)?.edition });
    this.exercises.forEach((exercise) => exercise.draw());
    dispatchEvent(new Event("otp-progress"));
    return said(came);
  }
}

/** @param {Options} options */
export const start = (options) => new ChapterPage(options);
