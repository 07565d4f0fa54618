/* What the browser keeps: lite/page/store.mjs. */
import assert from "node:assert/strict";
import { test } from "node:test";

import { Store } from "../../lite/page/store.mjs";
import { Storage } from "./storage.mjs";

test("an edit is kept by cell and chapter, and forgotten when it is the published text again", () => {
  const storage = new Storage();
  const [one, two] = [new Store("01", storage), new Store("02", storage)];
  assert.equal(one.write("a", "mine", "published"), true);
  assert.deepEqual(one.read("a", "published"), { text: "mine", published: "published", current: true });
  assert.equal(two.read("a", "published"), null);
  assert.deepEqual(one.edits(), { a: { text: "mine", published: "published" } });
  one.write("a", "published", "published");
  assert.equal(storage.length, 0);
});

test("an edit of another edition is said to be one, unless the new text is the same", () => {
  const store = new Store("01", new Storage());
  store.write("a", "mine", "old");
  assert.equal(store.read("a", "new").current, false);
  assert.equal(store.read("a", "mine"), null);
});

test("a storage that is full, forbidden or holds something else is no reason to stop", () => {
  const refuses = { getItem() { throw new Error("no"); }, setItem() { throw new Error("full"); }, removeItem() { throw new Error("no"); } };
  const store = new Store("01", refuses);
  assert.equal(store.write("a", "x", "y"), false);
  assert.deepEqual(store.read("a", "y"), { text: "x", published: "y", current: true }); // as long as the page lasts
  assert.deepEqual(store.edits(), { a: { text: "x", published: "y" } }); // so that it can be downloaded
  store.predict("fold", "mine");
  assert.deepEqual([store.predictions(), store.memory.size], [{ fold: "mine" }, 2]);
  store.write("a", "y", "y");
  assert.deepEqual([store.edits(), store.progress("a")], [{}, null]);
  const storage = new Storage();
  const other = new Store("01", storage);
  for (const text of ["{", "null", "[]", '{"text": 1}']) {
    storage.setItem(other.key("a"), text);
    assert.equal(other.read("a", "y"), null);
    assert.deepEqual(other.edits(), {});
  }
});

test("what a full storage has refused is kept there as soon as there is room", () => {
  const storage = new Storage(), store = new Store("01", storage), { setItem } = storage;
  store.write("a", "first", "published");
  storage.setItem = () => { throw new Error("full"); };
  assert.equal(store.write("a", "second", "published"), false);
  assert.equal(store.read("a", "published").text, "second");
  storage.setItem = setItem;
  assert.equal(store.write("a", "third", "published"), true);
  assert.deepEqual([store.memory.size, new Store("01", storage).read("a", "published").text], [0, "third"]);
});

test("texts that stand aside are kept beside the one that stands in the cell, and are no edits", () => {
  const storage = new Storage(), store = new Store("01", storage), other = { text: "older", published: "0" };
  store.write("a", "mine", "1");
  store.putAside("a", [other]);
  assert.deepEqual([store.aside("a"), store.asides(), store.read("a", "1").text], [[other], { a: [other] }, "mine"]);
  assert.deepEqual([Object.keys(store.edits()), store.aside("b"), new Store("02", storage).asides()], [["a"], [], {}]);
  for (const text of ["{", "3", "[1]", '[{"text": 1}]']) {
    storage.setItem("otp-patterns aside 01 a", text);
    assert.deepEqual([store.aside("a"), store.asides()], [[], {}]);
  }
  store.putAside("a", []);
  assert.equal(storage.length, 1);
});

test("how far a reader came is kept with its edition, and what is no such thing is nothing", () => {
  const storage = new Storage(), store = new Store("01", storage);
  assert.equal(store.came("a", { state: "passed", published: "text" }), true);
  assert.deepEqual(store.progress("a"), { state: "passed", published: "text" });
  assert.deepEqual(store.exercises(), { a: { state: "passed", published: "text" } });
  assert.equal(new Store("02", storage).progress("a"), null);
  store.came("a", { state: "done", published: "text" });
  assert.equal(store.progress("a"), null);
});

test("predictions are those of this chapter", () => {
  const storage = new Storage(), store = new Store("01", storage);
  store.predict("fold", "mine");
  new Store("02", storage).predict("other", "not here");
  assert.deepEqual(store.predictions(), { fold: "mine" });
});

test("all of a chapter is told in one piece, forgotten in one, and the chapters that are kept are known", () => {
  const storage = new Storage(), store = new Store("01", storage), other = new Store("02", storage);
  store.write("a", "mine", "1");
  store.addAside("a", { text: "older", published: "0" });
  store.addAside("a", { text: "older", published: "1" }); // the same text, of a later edition
  store.came("a", { state: "passed", published: "text" });
  store.predict("fold", "three");
  other.predict("fold", "four");
  assert.deepEqual(store.kept(), {
    edits: { a: { text: "mine", published: "1" } }, exercises: { a: { state: "passed", published: "text" } },
    predictions: { fold: "three" }, aside: { a: [{ text: "older", published: "1" }] } });
  assert.deepEqual(Store.chapters(storage), ["01", "02"]);
  store.forget();
  assert.deepEqual([Store.chapters(storage), storage.length], [["02"], 1]);
});
