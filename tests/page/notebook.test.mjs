/* The reader's work as a notebook, and back: lite/page/notebook.mjs. */
import assert from "node:assert/strict";
import { test } from "node:test";

import { asNotebook, fromNotebook } from "../../lite/page/notebook.mjs";

const code = (id, source) => ({ cell_type: "code", id, source, metadata: {}, outputs: [], execution_count: null });
const copy = () => ({
  cells: [{ cell_type: "markdown", id: "words", source: "# Words", metadata: {} }, code("a", "1"), code("b", "2")],
  metadata: { published: 7 }, nbformat: 4, nbformat_minor: 5,
});
const kept = () => ({
  edits: { a: { text: "mine", published: "1" }, "a-solved": { text: "solved", published: "s" } },
  exercises: { a: { state: "passed", published: "1" } }, predictions: { fold: "three" }, aside: { b: [{ text: "older", published: "0" }] },
});
const PUBLISHED = { a: "1", b: "2", "a-solved": "s" };

test("what goes into a notebook comes back, the cells that it has no place for too", () => {
  const notebook = JSON.parse(JSON.stringify(asNotebook(copy(), kept())));
  assert.deepEqual(notebook.cells.map((cell) => cell.source), ["# Words", "mine", "2"]);
  assert.deepEqual(fromNotebook(notebook, PUBLISHED), kept());
});

test("lines that end as on another machine are no other text", () => {
  const notebook = { cells: [code("a", "1\r\n2"), code("b", "mine\r\nhere")] };
  assert.deepEqual(fromNotebook(notebook, { a: "1\n2", b: "2" }).edits, { b: { text: "mine\nhere", published: "" } });
});

test("the copy itself stays as it is", () => {
  const before = copy();
  asNotebook(before, kept());
  assert.deepEqual(before, copy());
});

test("an edit keeps the edition that it belongs to, also where the chapter is newer", () => {
  const notebook = asNotebook(copy(), kept());
  assert.deepEqual(fromNotebook(notebook, { ...PUBLISHED, a: "new" }).edits.a, { text: "mine", published: "1" });
});

test("of a notebook that says nothing of editions an edit belongs to none, unless it is known to be of this one", () => {
  const notebook = { cells: [code("a", ["mi", "ne"]), code("b", "2"), code("x", "3")] };
  assert.deepEqual(fromNotebook(notebook, PUBLISHED).edits, { a: { text: "mine", published: "" } });
  assert.deepEqual(fromNotebook(notebook, PUBLISHED, true).edits, { a: { text: "mine", published: "1" } });
});

test("what is no notebook of the chapter is refused", () => {
  for (const other of [null, [], "x", {}, { cells: "x" }, { cells: [] }, { cells: [null, code("x", "1")] }]) {
    assert.equal(fromNotebook(other, PUBLISHED), null);
  }
});

test("a notebook that shares an id or two with the chapter is no notebook of it", () => {
  const published = { ...PUBLISHED, c: "3", d: "4", e: "5" };
  assert.equal(fromNotebook(copy(), published), null);
  delete published.e;
  assert.notEqual(fromNotebook(copy(), published), null);
});

test("metadata of another make are left alone", () => {
  for (const strange of [null, 1, [], { edits: [1], exercises: { a: "passed" }, predictions: { fold: 3 }, aside: { a: [1], b: 2 } }, { edits: { a: { text: 1 } } }]) {
    const notebook = { ...copy(), metadata: { otp_patterns: strange } };
    assert.deepEqual(fromNotebook(notebook, PUBLISHED), { edits: {}, exercises: {}, predictions: {}, aside: {} });
  }
});
