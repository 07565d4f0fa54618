// @ts-check
/* What the browser keeps for the reader: their versions of cells, and how far they came with each exercise.
 *
 * All of it is kept by chapter and cell id, together with the edition that it belongs to: `published`, the text as it
 * was published when the reader changed it. An edit of another edition never takes the place of the new text: `read`
 * answers both, and the page asks the reader. What the browser refuses to keep is kept in memory: it lasts as long as
 * the page, and can be downloaded. Of two texts of the reader one stands aside, until the reader has chosen.
 */

/** @typedef {{text: string, published: string}} Edit  `published` is empty where nobody knows it */
/** @typedef {{state: "tried" | "passed", published: string}} Progress */

const CELL = "otp-patterns cell", ASIDE = "otp-patterns aside", EXERCISE = "otp-patterns exercise";

/** @param {any} value @returns {value is Edit} */
const isEdit = (value) => typeof value?.text === "string" && typeof value.published === "string";

export class Store {
  /**
   * @param {string} chapter
   * @param {Storage} storage  localStorage, or anything like it
   */
  constructor(chapter, storage) {
    this.chapter = chapter;
    this.storage = storage;
    this.memory = /** @type {Map<string, string>} */ (new Map()); // what the browser has refused to keep
  }

  /** The key of a cell's edit. @param {string} id */
  key(id) { return `${CELL} ${this.chapter} ${id}`; }

  /** Keep a text, or forget it; whether the browser did it. @param {string} key @param {string | null} text */
  put(key, text) {
    this.memory.delete(key);
    try {
      if (text === null) this.storage.removeItem(key);
      else this.storage.setItem(key, text);
      return true;
    } catch { // full, or not allowed
      if (text !== null) this.memory.set(key, text);
      return text === null;
    }
  }

  /** @param {string} key @returns {string | null} */
  text(key) {
    try {
      return this.memory.get(key) ?? this.storage.getItem(key);
    } catch {
      return null;
    }
  }

  /** @param {string} key @returns {any} */
  get(key) {
    try {
      return JSON.parse(this.text(key) ?? "null");
    } catch {
      return null;
    }
  }

  /**
   * Keep `text`; a text equal to the published one is forgotten. True where the browser keeps it.
   * @param {string} id
   * @param {string} text
   * @param {string} published
   */
  write(id, text, published) {
    return text === published ? this.put(this.key(id), null) : this.keep(id, { text, published });
  }

  /** Keep an edit as it is. @param {string} id @param {Edit} edit */
  keep(id, { text, published }) { return this.put(this.key(id), JSON.stringify({ text, published })); }

  /**
   * The edit of a cell, or null; `current` says whether it belongs to this edition.
   * @param {string} id
   * @param {string} published
   * @returns {(Edit & {current: boolean}) | null}
   */
  read(id, published) {
    const kept = this.edit(id);
    if (!kept || kept.text === published) return null;
    return { text: kept.text, published: kept.published, current: kept.published === published };
  }

  /** The reader's texts of a cell that stand aside: the last is offered first. @param {string} id @returns {Edit[]} */
  aside(id) { return [this.get(`${ASIDE} ${this.chapter} ${id}`)].flat().filter(isEdit); }

  /** @param {string} id @param {Edit[]} edits */
  putAside(id, edits) {
    return this.put(`${ASIDE} ${this.chapter} ${id}`, edits.length ? JSON.stringify(edits) : null);
  }

  /** Put a text aside, last of all; one that stands there already is not doubled. @param {string} id @param {Edit} edit */
  addAside(id, { text, published }) {
    return this.putAside(id, [...this.aside(id).filter((other) => other.text !== text), { text, published }]);
  }

  /** All texts of the chapter that stand aside, by cell id. @returns {Record<string, Edit[]>} */
  asides() {
    return this.all(`${ASIDE} ${this.chapter} `, (id) => this.aside(id), (edits) => edits.length > 0);
  }

  /** Keep how far the reader came with an exercise. @param {string} id @param {Progress | null} progress */
  came(id, progress) {
    const key = `${EXERCISE} ${this.chapter} ${id}`;
    return this.put(key, progress && JSON.stringify(progress));
  }

  /** @param {string} id @returns {Progress | null} */
  progress(id) {
    const kept = this.get(`${EXERCISE} ${this.chapter} ${id}`);
    return ["tried", "passed"].includes(kept?.state) && typeof kept.published === "string" ? kept : null;
  }

  /** All edits of the chapter by cell id, those of cells that are gone too. @returns {Record<string, Edit>} */
  edits() { return this.all(this.key(""), (id) => this.edit(id), Boolean); }

  /** The edit of a cell, of whatever edition. @param {string} id @returns {Edit | null} */
  edit(id) {
    const kept = this.get(this.key(id));
    return isEdit(kept) ? kept : null;
  }

  /** @returns {Record<string, Progress>} */
  exercises() { return this.all(`${EXERCISE} ${this.chapter} `, (id) => this.progress(id), Boolean); }

  /** The reader's predictions in this chapter, under the keys of predict.js. @returns {Record<string, string>} */
  predictions() {
    return this.all(`prediction:${this.chapter}:`, (fold) => this.text(`prediction:${this.chapter}:${fold}`), Boolean);
  }

  /** @param {string} fold @param {string} words */
  predict(fold, words) { return this.put(`prediction:${this.chapter}:${fold}`, words); }

  /** @param {string} prefix @returns {string[]} */
  keys(prefix) {
    let kept = /** @type {string[]} */ ([]);
    try {
      kept = Array.from({ length: this.storage.length }, (_, at) => this.storage.key(at) ?? "");
    } catch { /* the browser has none */ }
    return [...new Set([...kept, ...this.memory.keys()])].filter((key) => key.startsWith(prefix));
  }

  /** @param {string} prefix @param {(name: string) => any} read @param {(kept: any) => boolean} fits @returns {Record<string, any>} */
  all(prefix, read, fits) {
    const names = this.keys(prefix).map((key) => key.slice(prefix.length));
    return Object.fromEntries(names.map((name) => [name, read(name)]).filter(([, kept]) => fits(kept)));
  }

  /** All that is kept of the chapter. @returns {import("./notebook.mjs").Kept} */
  kept() { return { edits: this.edits(), exercises: this.exercises(), predictions: this.predictions(), aside: this.asides() }; }

  /** The keys of all that is kept of the chapter. */
  own() { return [...[CELL, ASIDE, EXERCISE].map((kind) => `${kind} ${this.chapter} `), `prediction:${this.chapter}:`].flatMap((prefix) => this.keys(prefix)); }

  forget() { this.own().forEach((key) => this.put(key, null)); }

  /** The chapters of which the browser keeps something, in the order of their names. @param {Storage} storage @returns {string[]} */
  static chapters(storage) {
    const named = new RegExp(`^(?:(?:${CELL}|${ASIDE}|${EXERCISE}) ([\\w-]+) .|prediction:([\\w-]+):.)`);
    const found = new Store("", storage).keys("").map((key) => named.exec(key)).map((match) => match?.[1] ?? match?.[2] ?? "");
    return [...new Set(found)].filter(Boolean).sort();
  }
}
