// @ts-check
/* The reader's work as a notebook, and a notebook's cells as the reader's work. Nothing here touches the page. */

/** @typedef {import("./store.mjs").Edit} Edit */
/** @typedef {import("./store.mjs").Progress} Progress */
/**
 * @typedef {object} Kept  what is kept of a chapter
 * @property {Record<string, Edit>} edits
 * @property {Record<string, Progress>} exercises
 * @property {Record<string, string>} predictions
 * @property {Record<string, Edit[]>} [aside]  texts of which the reader has not chosen one yet
 */

const NAME = "otp_patterns"; // in a notebook's metadata

/**
 * The learner's copy of a chapter with the reader's edits in it; the rest of what is kept goes into its metadata.
 * @param {any} copy
 * @param {Kept} kept
 * @returns {any}
 */
export const asNotebook = (copy, { edits, exercises, predictions, aside = {} }) => {
  const ids = new Set(copy.cells.map((/** @type {any} */ cell) => cell.id));
  const cells = copy.cells.map((/** @type {any} */ cell) => {
    const edit = cell.cell_type === "code" ? edits[cell.id] : undefined;
    return edit ? { ...cell, source: edit.text, metadata: { ...cell.metadata, [NAME]: { published: edit.published } } } : cell;
  });
  // What the copy has no cell for (a solution that was changed, a cell of an earlier edition) is not lost.
  const rest = Object.fromEntries(Object.entries(edits).filter(([id]) => !ids.has(id)));
  return { ...copy, cells, metadata: { ...copy.metadata, [NAME]: { edits: rest, exercises, predictions, aside } } };
};

/**
 * What a notebook holds of a chapter whose cells have these published texts by their ids.
 * @param {any} notebook  any JSON
 * @param {Record<string, string>} published
 * @param {boolean} [current]  whether it is known to be of this edition
 * @returns {Kept | null} null where nothing of it belongs to the chapter
 */
export const fromNotebook = (notebook, published, current = false) => {
  if (!Array.isArray(notebook?.cells)) return null;
  const edits = /** @type {Record<string, Edit>} */ ({});
  let known = 0;
  for (const cell of notebook.cells) {
    if (cell?.cell_type !== "code" || !Object.hasOwn(published, cell.id)) continue;
    known += 1;
    const text = [cell.source ?? ""].flat().join("").replace(/\r\n?/g, "\n"), told = cell.metadata?.[NAME]?.published;
    if (text === published[cell.id]) continue;
    edits[cell.id] = { text, published: typeof told === "string" ? told : current ? published[cell.id] : "" };
  }
  const { edits: rest, exercises, predictions, aside } = notebook.metadata?.[NAME] ?? {};
  for (const [id, edit] of entries(rest)) if (isEdit(edit)) edits[id] ??= { text: edit.text, published: edit.published };
  const own = Object.keys(published).filter((id) => !id.endsWith("-solved")).length; // chapters share an id here and there
  return known && known * 2 >= own ? {
    edits, exercises: only(exercises, isProgress), predictions: only(predictions, isText),
    aside: only(aside, (all) => Array.isArray(all) && all.every(isEdit)) } : null;
};

/** @param {any} value @returns {[string, any][]} */
const entries = (value) => (value && typeof value === "object" && !Array.isArray(value) ? Object.entries(value) : []);

/** @param {any} value */
const isEdit = (value) => isText(value?.text) && isText(value.published);

/** @param {any} value */
const isText = (value) => typeof value === "string";

/** @param {any} value */
const isProgress = (value) => ["tried", "passed"].includes(value?.state) && isText(value.published);

/** @param {any} value @param {(each: any) => boolean} fits @returns {Record<string, any>} */
const only = (value, fits) => Object.fromEntries(entries(value).filter(([, each]) => fits(each)));
