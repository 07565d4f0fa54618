// @ts-check
/* What has to run before a cell can, and in which order. Nothing here touches the page.
 *
 * A cell is known by what its data attributes say (book/_ext/cells.py) and by how it fared. Of a job, `code` is the id
 * of the cell whose source is run: a verdict has none of its own.
 */

/**
 * @typedef {object} Planned
 * @property {string} id
 * @property {string} role
 * @property {string} [exercise]
 * @property {string} [of]
 * @property {boolean} ran  it has run in this Python, as it stands now
 * @property {boolean} edited
 * @property {boolean} [raises]  its error is meant
 */
/**
 * @template {Planned} C
 * @typedef {{cell: C, code: string, solution: boolean, above: boolean, tolerated: boolean}} Job
 */

const TEXT = new Set(["cell", "setting", "given", "stub"]); // a check would end what runs above with "not yet"

/**
 * The jobs for `target`: what is above and has not run, then the target, then what the check says to its solution.
 * @template {Planned} C
 * @param {C[]} cells
 * @param {C} target
 * @returns {Job<C>[]}
 */
export const plan = (cells, target) => {
  const place = cells.indexOf(target);
  const above = cells.slice(0, place).filter((cell) => !cell.ran && TEXT.has(cell.role));
  const jobs = above.map((cell) => job(cell, { above: true, tolerated: mayRaise(cell) }));
  if (target.role !== "solution") return [...jobs, job(target)];
  // A solution may build on those of earlier exercises: they run where solutions run, and not by the reader's names.
  const earlier = cells.slice(0, place).filter((cell) => !cell.ran && cell.role === "solution");
  jobs.push(...earlier.map((cell) => job(cell, { above: true, solution: true })), job(target, { solution: true }));
  const fold = cells.filter((cell) => cell.exercise === target.exercise && cell.role === "solution");
  if (target !== fold.at(-1)) return jobs;
  const verdicts = cells.filter((cell) => cell.exercise === target.exercise && cell.role === "verdict");
  return [...jobs, ...verdicts.map((cell) => job(cell, { solution: true, code: cell.of ?? cell.id }))];
};

/** An exercise that nobody has written yet raises, and so does what is meant to. @param {Planned} cell */
const mayRaise = (cell) => Boolean(cell.raises) || (cell.role === "stub" && !cell.edited);

/**
 * @template {Planned} C
 * @param {C} cell
 * @param {Partial<Job<C>>} [more]
 * @returns {Job<C>}
 */
const job = (cell, more = {}) => ({ cell, code: cell.id, solution: false, above: false, tolerated: false, ...more });

/**
 * What runs again after Python was started anew because of `stuck`: what had run above it, in the order of the page.
 * @template {Planned} C
 * @param {C[]} cells
 * @param {C} stuck
 */
export const again = (cells, stuck) =>
  cells.slice(0, cells.indexOf(stuck)).filter((cell) => cell.ran && TEXT.has(cell.role))
    .map((cell) => job(cell, { above: true, tolerated: mayRaise(cell) }));
