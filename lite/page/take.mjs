// @ts-check
/* What is kept elsewhere (in a notebook, in a file, before all was forgotten) taken over into this browser.
 *
 * A text of the reader's is never overwritten. One that meets another in the same cell stands aside, and the page of the
 * chapter asks which of the two is to stay; a prediction that was made here stays; a passed exercise stays passed.
 */

/** @typedef {import("./store.mjs").Edit} Edit */
/** @typedef {import("./store.mjs").Progress} Progress */
/** @typedef {import("./store.mjs").Store} Store */
/** @typedef {import("./notebook.mjs").Kept} Kept */
/**
 * @typedef {object} Place  where the text of a cell stands
 * @property {string | null} text  what stands there
 * @property {(edit: Edit) => boolean} free  whether this one may stand there
 * @property {(edit: Edit) => boolean} put  false where the browser does not keep it
 * @property {(edit: Edit) => boolean} putAside  the same
 */
/** @typedef {{taken: number, asked: number, lost: number, stayed: number}} Came  texts, and predictions that stayed as they are */

/** The place of a cell of which only the browser's store is known. @param {Store} store @param {string} id @returns {Place} */
const stored = (store, id) => {
  const stands = store.edit(id);
  return {
    text: stands?.text ?? null,
    free: () => !stands,
    put: ({ text, published }) => store.keep(id, { text, published }),
    putAside: (edit) => store.addAside(id, edit),
  };
};

/**
 * @param {Store} store
 * @param {Kept} kept
 * @param {object} [more]
 * @param {(id: string) => Place | null} [more.placeOf]  the cells that a page knows itself
 * @param {(id: string, published: string) => boolean} [more.current]  whether an exercise's text is that of this edition
 * @returns {Came}
 */
export const take = (store, kept, { placeOf = () => null, current = () => false } = {}) => {
  const came = { taken: 0, asked: 0, lost: 0, stayed: 0 };
  const texts = [...Object.entries(kept.aside ?? {}).flatMap(([id, all]) => all.map((edit) => ({ id, edit, chosen: false }))),
    ...Object.entries(kept.edits).map(([id, edit]) => ({ id, edit, chosen: true }))];
  for (const { id, edit, chosen } of texts) {
    const place = placeOf(id) ?? stored(store, id);
    if (place.text === edit.text) came.taken += Number(chosen);
    else if (chosen && place.free(edit)) { came.taken += 1; came.lost += Number(!place.put(edit)); }
    else { came.asked += 1; came.lost += Number(!place.putAside(edit)); }
  }
  for (const [id, progress] of Object.entries(kept.exercises)) {
    const worth = (/** @type {Progress | null} */ one) => (!one ? 0 : one.state === "tried" ? 1 : current(id, one.published) ? 3 : 2);
    if (worth(progress) > worth(store.progress(id))) came.lost += Number(!store.came(id, progress));
  }
  const made = store.predictions();
  for (const [fold, words] of Object.entries(kept.predictions)) {
    if (!Object.hasOwn(made, fold)) came.lost += Number(!store.predict(fold, words));
    else came.stayed += Number(made[fold] !== words);
  }
  return came;
};

/** @param {number} number @param {string} what */
const count = (number, what) => `${number} ${what}${number === 1 ? "" : "s"}`;

/** What came of it, in a sentence. @param {Came} came */
export const said = ({ taken, asked, lost, stayed }) => [
  `${count(taken, "cell")} taken over`,
  asked && `${asked} more where another text stands: the page asks you at each`,
  stayed && `${count(stayed, "prediction")} of yours differ${stayed === 1 ? "s and stays as it is" : " and stay as they are"} here`,
  lost && `${lost} could not be kept by this browser`].filter(Boolean).join("; ") + ".";
