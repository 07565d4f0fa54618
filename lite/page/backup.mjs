// @ts-check
/* All that the browser keeps of the course, as one file, and back. Nothing of it is sent anywhere.
 *
 * The file is JSON: {"format": "otp-patterns progress", "version": 1, "chapters": {…}}, by the name of a chapter what
 * `Store.kept` answers. Who writes another make of it raises the version. A file is looked through before anything is
 * changed, and refused as a whole; what it holds are texts, and they are only ever kept, compared and shown as texts.
 */
import { Store } from "./store.mjs";
import { take } from "./take.mjs";

/** @typedef {import("./notebook.mjs").Kept} Kept */

const FORMAT = "otp-patterns progress", VERSION = 1;

export const TEXTS = {
  foreign: "That is no file of your progress in this course; nothing was changed.",
  notebook: "That is a notebook. It is taken back on the page of its chapter, under “Your work”; nothing was changed.",
  newer: "That file was written by a newer edition of the course than this one; nothing was changed.",
  broken: "That file is damaged; nothing was changed.",
  full: "This browser has no room for it, or keeps nothing; nothing was changed.",
};

/** @param {any} value @returns {value is Record<string, any>} */
const isRecord = (value) => typeof value === "object" && value !== null && !Array.isArray(value);

/** @param {any} value */
const isText = (value) => typeof value === "string";

/** @param {any} value */
const isEdit = (value) => isRecord(value) && isText(value.text) && isText(value.published);

const PARTS = /** @type {[keyof Kept, (each: any) => boolean][]} */ ([
  ["edits", isEdit],
  ["aside", (each) => Array.isArray(each) && each.every(isEdit)],
  ["exercises", (each) => isRecord(each) && ["tried", "passed"].includes(each.state) && isText(each.published)],
  ["predictions", isText],
]);

/** A name stands in the key of what is kept, between others. @param {string} name */
const isName = (name) => /^[\w-]+$/.test(name);

/** @param {any} part @param {(each: any) => boolean} fits */
const isPart = (part, fits) => isRecord(part) && Object.entries(part).every(([name, each]) => isName(name) && fits(each));

/** @param {Storage} storage */
export const asFile = (storage) => {
  const chapters = Store.chapters(storage).map((chapter) => {
    const kept = new Store(chapter, storage).kept();
    const named = PARTS.map(([name]) => [name, Object.fromEntries(Object.entries(kept[name] ?? {}).filter(([id]) => isName(id)))]);
    return [chapter, Object.fromEntries(named)];
  });
  return JSON.stringify({ format: FORMAT, version: VERSION, chapters: Object.fromEntries(chapters) }, null, 1);
};

/**
 * What a file holds, by chapter. An error whose message is for the reader where it is no such file.
 * @param {string} text
 * @returns {[string, Kept][]}
 */
export const fromFile = (text) => {
  let told = /** @type {any} */ (null);
  try { told = JSON.parse(text); } catch { /* said below */ }
  if (Array.isArray(told?.cells)) throw new Error(TEXTS.notebook);
  if (told?.format !== FORMAT) throw new Error(TEXTS.foreign);
  if (told.version > VERSION) throw new Error(TEXTS.newer);
  if (told.version !== VERSION || !isRecord(told.chapters)) throw new Error(TEXTS.broken);
  return Object.entries(told.chapters).map(([chapter, kept]) => {
    if (!isName(chapter) || !isRecord(kept)) throw new Error(TEXTS.broken);
    const parts = PARTS.map(([name, fits]) => {
      const part = Object.hasOwn(kept, name) ? kept[name] : {};
      if (!isPart(part, fits)) throw new Error(TEXTS.broken);
      return [name, part];
    });
    return [chapter, Object.fromEntries(parts)];
  });
};

/** All that the browser keeps of the course, key by key. @param {Storage} storage @returns {Map<string, string>} */
const everything = (storage) => new Map(Store.chapters(storage).flatMap((chapter) => {
  const store = new Store(chapter, storage);
  return store.own().map((key) => [key, store.text(key) ?? ""]);
}));

/** @param {Storage} storage */
export const forget = (storage) => Store.chapters(storage).forEach((chapter) => new Store(chapter, storage).forget());

/**
 * Take over what `fromFile` has answered: all of it, or where the browser refuses a part of it, nothing.
 * @param {Storage} storage
 * @param {[string, Kept][]} chapters
 * @param {(chapter: string, id: string, published: string) => boolean} [current]  whether an exercise's text is that of this edition
 */
export const takeBack = (storage, chapters, current = () => false) => {
  const before = everything(storage), came = { chapters: chapters.length, taken: 0, asked: 0, lost: 0, stayed: 0 };
  for (const [chapter, kept] of chapters) {
    const one = take(new Store(chapter, storage), kept, { current: (id, published) => current(chapter, id, published) });
    for (const what of /** @type {("taken" | "asked" | "lost" | "stayed")[]} */ (Object.keys(one))) came[what] += one[what];
  }
  if (!came.lost) return came;
  forget(storage); // and so make room for what was there
  for (const [key, text] of before) try { storage.setItem(key, text); } catch { /* a browser that keeps nothing had nothing */ }
  throw new Error(TEXTS.full);
};
