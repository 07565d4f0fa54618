/* All that the browser keeps of the course, as one file and back: lite/page/backup.mjs. */
import assert from "node:assert/strict";
import { test } from "node:test";

import { asFile, forget, fromFile, takeBack, TEXTS } from "../../lite/page/backup.mjs";
import { Storage } from "./storage.mjs";

const FULL = [
  ["otp-patterns cell 01_one a", JSON.stringify({ text: "mine", published: "1" })],
  ["otp-patterns aside 01_one a", JSON.stringify([{ text: "older", published: "0" }])],
  ["otp-patterns exercise 02_two-b b", JSON.stringify({ state: "passed", published: "2" })],
  ["prediction:01_one:0a1b2c3d", "<b>three</b>"],
  ["prediction:01_one:0a1b2c3d-2", "four"],
];
const OTHERS = [["theme", "dark"], ["otp-patterns other 01_one a", "x"], ["prediction", "x"]];
const sorted = (storage) => [...storage.map].sort();
const whole = (chapters) => JSON.stringify({ format: "otp-patterns progress", version: 1, chapters });

test("what one browser keeps another one has afterwards, to the letter, and nothing else", () => {
  const file = asFile(new Storage([...FULL, ...OTHERS])), other = new Storage([["theme", "light"]]);
  takeBack(other, fromFile(file));
  assert.deepEqual(sorted(other), [...FULL, ["theme", "light"]].sort());
  assert.equal(asFile(other), file);
  assert.deepEqual([JSON.parse(file).format, JSON.parse(file).version], ["otp-patterns progress", 1]);
});

test("taken back twice it is the same, and a text that was written meanwhile stays", () => {
  const storage = new Storage(FULL), file = asFile(storage);
  takeBack(storage, fromFile(file));
  assert.deepEqual(sorted(storage), [...FULL].sort());
  storage.setItem("otp-patterns cell 01_one a", JSON.stringify({ text: "newer", published: "1" }));
  takeBack(storage, fromFile(file));
  assert.equal(JSON.parse(storage.getItem("otp-patterns cell 01_one a")).text, "newer");
  assert.deepEqual(JSON.parse(storage.getItem("otp-patterns aside 01_one a")).map(({ text }) => text), ["older", "mine"]);
});

test("all is forgotten, what belongs to others is not, and what was forgotten comes back", () => {
  const storage = new Storage([...FULL, ...OTHERS]), file = asFile(storage);
  forget(storage);
  assert.deepEqual(sorted(storage), [...OTHERS].sort());
  takeBack(storage, fromFile(file));
  assert.deepEqual(sorted(storage), [...FULL, ...OTHERS].sort());
});

const REFUSED = [
  ["", TEXTS.foreign], ["{", TEXTS.foreign], ["null", TEXTS.foreign], ["[]", TEXTS.foreign], ["7", TEXTS.foreign],
  ['{"format": "another", "version": 1, "chapters": {}}', TEXTS.foreign],
  ['{"cells": [], "nbformat": 4}', TEXTS.notebook],
  ['{"format": "otp-patterns progress", "version": 2, "chapters": {"01": 7}}', TEXTS.newer],
  ['{"format": "otp-patterns progress", "version": "1", "chapters": {}}', TEXTS.broken],
  ['{"format": "otp-patterns progress", "chapters": {}}', TEXTS.broken],
  ['{"format": "otp-patterns progress", "version": 1}', TEXTS.broken],
  ['{"format": "otp-patterns progress", "version": 1, "chapters": []}', TEXTS.broken],
  ...[
    { "01": null }, { "01": [] }, { "0 1": {} }, { "": {} }, { "01:x": {} }, { "01": { edits: { "a b": { text: "", published: "" } } } },
    { "01": { edits: { a: "text" } } }, { "01": { edits: { a: { text: 1, published: "" } } } }, { "01": { edits: [] } },
    { "01": { aside: { a: { text: "", published: "" } } } }, { "01": { aside: { a: [null] } } },
    { "01": { exercises: { a: { state: "done", published: "" } } } }, { "01": { exercises: { a: { state: "passed" } } } },
    { "01": { predictions: { a: 1 } } }, { "01": { predictions: { "a:b": "x" } } }, { "01": { predictions: { "": "x" } } },
  ].map((chapters) => [whole({ "00": { predictions: { a: "fine" } }, ...chapters }), TEXTS.broken]),
];

for (const [text, sentence] of REFUSED) {
  test(`a file is refused as a whole, in a sentence: ${text.slice(0, 110)}`, () => {
    assert.throws(() => fromFile(text), { message: sentence });
  });
}

test("a name that JavaScript's objects have is a name like another", () => {
  const text = whole({}).replace('"chapters":{}', '"chapters":{"__proto__":{"predictions":{"constructor":"x","__proto__":"y"}}}');
  const storage = new Storage();
  takeBack(storage, fromFile(text));
  assert.deepEqual(sorted(storage), [["prediction:__proto__:__proto__", "y"], ["prediction:__proto__:constructor", "x"]]);
  assert.equal({}.predictions, undefined);
});

test("what lies under a name that no chapter and no cell has is somebody else's: a file can always be taken back", () => {
  const strange = [["prediction:a page:0a", "x"], ["prediction:01_one:a:b", "x"], ["otp-patterns cell 01_one a b", JSON.stringify({ text: "", published: "" })]];
  const file = asFile(new Storage([...FULL, ...strange]));
  assert.equal(file, asFile(new Storage(FULL)));
  assert.deepEqual(fromFile(asFile(new Storage(strange.slice(0, 1)))), []);
});

test("a part that a file does not have, and one that nobody knows yet, are no fault", () => {
  const storage = new Storage();
  takeBack(storage, fromFile(whole({ "01": { predictions: { a: "x" }, marks: 7 } })));
  assert.deepEqual(sorted(storage), [["prediction:01:a", "x"]]);
});

test("where there is no room nothing is changed", () => {
  const storage = new Storage([FULL[0], OTHERS[0]]), { setItem } = storage;
  storage.setItem = (key, text) => {
    if (storage.map.size > 3 && !storage.map.has(key)) throw new Error("full");
    setItem.call(storage, key, text);
  };
  assert.throws(() => takeBack(storage, fromFile(asFile(new Storage(FULL)))), { message: TEXTS.full });
  assert.deepEqual(sorted(storage), [FULL[0], OTHERS[0]].sort());
  const none = { get length() { throw new Error("none"); }, getItem() { throw new Error("none"); }, setItem() { throw new Error("none"); }, removeItem() { throw new Error("none"); } };
  assert.throws(() => takeBack(none, fromFile(asFile(new Storage(FULL)))), { message: TEXTS.full });
  assert.equal(JSON.parse(asFile(none)).version, 1);
});

test("what is kept is told apart by chapters and counted", () => {
  const came = takeBack(new Storage(), fromFile(asFile(new Storage(FULL))));
  assert.deepEqual(came, { chapters: 2, taken: 1, asked: 1, lost: 0, stayed: 0 });
});
