// @ts-check
/* What the browser keeps for the reader: their versions of cells, and how far they came with each exercise.
 *
 * All of it is kept by chapter and cell id, together with the edition that it belongs to: `published`, the text as it
 * was published when the reader changed it. An edit of another edition never takes the place of the new text: `read`
 * answers both, and the page asks the reader. A browser that keeps nothing is no reason to stop.
 */

/** @typedef {{text: string, published: string}} Edit  `published` is empty where nobody knows it */
/** @typedef {{state: "tried" | "passed", published: string}} Progress */

const CELL = "otp-patterns cell", EXERCISE = "otp-patterns exercise";

export class Store {
  /**
   * @param {string} chapter
   * @param {Storage} storage  localStorage, or anything like it
   */
  constructor(chapter, storage) {
    this.chapter = chapter;
    this.storage = storage;
  }

  /** The key of a cell's edit. @param {string} id */
  key(id) { return `${CELL} ${this.chapter} ${id}`; }

  /** Whether the browser did it. @param {() => void} work */
  try(work) {
    try {
      work();
      return true;
    } catch {
      return false; // full, or not allowed
    }
  }

  /** @param {string} key @returns {any} */
  get(key) {
    try {
      return JSON.parse(this.storage.getItem(key) ?? "null");
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
    return this.try(() => {
      if (text === published) this.storage.removeItem(this.key(id));
      else this.storage.setItem(this.key(id), JSON.stringify({ text, published }));
    });
  }

  /**
   * The edit of a cell, or null; `current` says whether it belongs to this edition.
   * @param {string} id
   * @param {string} published
   * @returns {(Edit & {current: boolean}) | null}
   */
  read(id, published) {
    const kept = this.get(this.key(id));
    if (typeof kept?.text !== "string" || typeof kept.published !== "string" || kept.text === published) return null;
    return { ...kept, current: kept.published === published };
  }

  /** Keep how far the reader came with an exercise. @param {string} id @param {Progress | null} progress */
  came(id, progress) {
    const key = `${EXERCISE} ${this.chapter} ${id}`;
    return this.try(() => (progress ? this.storage.setItem(key, JSON.stringify(progress)) : this.storage.removeItem(key)));
  }

  /** @param {string} id @returns {Progress | null} */
  progress(id) {
    const kept = this.get(`${EXERCISE} ${this.chapter} ${id}`);
    return ["tried", "passed"].includes(kept?.state) && typeof kept.published === "string" ? kept : null;
  }

  /** All edits of the chapter by cell id, those of cells that are gone too. @returns {Record<string, Edit>} */
  edits() { return this.all(this.key("")); }

  /** @returns {Record<string, Progress>} */
  exercises() { return this.all(`${EXERCISE} ${this.chapter} `); }

  /** The reader's predictions in this chapter, under the keys of predict.js. @returns {Record<string, string>} */
  predictions() {
    const prefix = `prediction:${this.chapter}:`;
    return Object.fromEntries(this.keys(prefix).map((key) => [key.slice(prefix.length), this.storage.getItem(key) ?? ""]));
  }

  /** @param {string} fold @param {string} words */
  predict(fold, words) { return this.try(() => this.storage.setItem(`prediction:${this.chapter}:${fold}`, words)); }

  /** @param {string} prefix @returns {string[]} */
  keys(prefix) {
    try {
      const all = Array.from({ length: this.storage.length }, (_, at) => this.storage.key(at) ?? "");
      return all.filter((key) => key.startsWith(prefix));
    } catch {
      return [];
    }
  }

  /** @param {string} prefix @returns {Record<string, any>} */
  all(prefix) {
    const found = this.keys(prefix).map((key) => [key.slice(prefix.length), this.get(key)]);
    return Object.fromEntries(found.filter(([, kept]) => typeof kept?.published === "string"));
  }
}
