/* What is kept elsewhere, taken over: lite/page/take.mjs. */
import assert from "node:assert/strict";
import { test } from "node:test";

import { Store } from "../../lite/page/store.mjs";
import { said, take } from "../../lite/page/take.mjs";
import { Storage } from "./storage.mjs";

const edit = (text, published = "1") => ({ text, published });
const kept = (more) => ({ edits: {}, exercises: {}, predictions: {}, aside: {}, ...more });

test("what an empty browser is given stands there afterwards as it was kept elsewhere", () => {
  const store = new Store("01", new Storage());
  const all = kept({ edits: { a: edit("mine") }, aside: { b: [edit("older", "0"), edit("old")] },
    exercises: { a: { state: "passed", published: "1" } }, predictions: { fold: "three" } });
  assert.equal(said(take(store, all)), "1 cell taken over; 2 more where another text stands: the page asks you at each.");
  assert.deepEqual(store.kept(), all);
});

test("a text of the reader's is never overwritten: the other one stands aside, once", () => {
  const store = new Store("01", new Storage());
  store.write("a", "here", "1");
  for (const _ of [1, 2]) {
    assert.deepEqual(take(store, kept({ edits: { a: edit("there") } })), { taken: 0, asked: 1, lost: 0, stayed: 0 });
  }
  assert.deepEqual([store.read("a", "1").text, store.aside("a")], ["here", [edit("there")]]);
  assert.deepEqual(take(store, kept({ edits: { a: edit("here") }, aside: { a: [edit("here")] } })), { taken: 1, asked: 0, lost: 0, stayed: 0 });
});

test("a prediction that was made here stays, and what differs is said", () => {
  const store = new Store("01", new Storage());
  store.predict("fold", "one");
  const came = take(store, kept({ predictions: { fold: "two", other: "three" } }));
  assert.deepEqual([store.predictions(), came.stayed], [{ fold: "one", other: "three" }, 1]);
  assert.match(said(came), /1 prediction of yours differs and stays as it is here/);
});

test("a passed exercise stays passed, and one of this edition counts for more", () => {
  const store = new Store("01", new Storage()), current = (id, published) => published === "new";
  const come = (state, published) => take(store, kept({ exercises: { a: { state, published } } }), { current });
  const stands = () => Object.values(store.progress("a")).join(" ");
  const seen = [["tried", "old"], ["passed", "old"], ["tried", "new"], ["passed", "new"], ["passed", "old"]].map(([state, published]) => {
    come(state, published);
    return stands();
  });
  assert.deepEqual(seen, ["tried old", "passed old", "passed old", "passed new", "passed new"]);
});

test("where a page knows its cells they take the text, and a text of another edition stands aside", () => {
  const store = new Store("01", new Storage()), seen = [];
  const cell = { text: "published", free: (one) => one.published === "1", put: (one) => seen.push(["put", one.text]) > 0,
    putAside: (one) => seen.push(["aside", one.text]) < 0 };
  const placeOf = (id) => (id === "a" ? cell : null);
  assert.deepEqual(take(store, kept({ edits: { a: edit("x") } }), { placeOf }), { taken: 1, asked: 0, lost: 0, stayed: 0 });
  assert.deepEqual(take(store, kept({ edits: { a: edit("y", "0"), gone: edit("z") } }), { placeOf }), { taken: 1, asked: 1, lost: 1, stayed: 0 });
  assert.deepEqual([seen, store.edits()], [[["put", "x"], ["aside", "y"]], { gone: edit("z") }]);
});

test("what the browser does not keep is counted", () => {
  const storage = new Storage();
  storage.setItem = () => { throw new Error("full"); };
  const came = take(new Store("01", storage), kept({ edits: { a: edit("x") }, predictions: { fold: "three" }, exercises: { a: { state: "tried", published: "" } } }));
  assert.equal(came.lost, 3);
  assert.match(said(came), /3 could not be kept by this browser/);
});
