// node in_place_python.mjs SITE IN_PLACE < cells.json
//
// Runs cells as a page without Jupyter does: with the files that live.json names, and lite/in_place.py. Standard input
// is a JSON list of [id, source]; a cell whose id is "waits" is stopped as soon as it has told something. Everything
// that is told comes out as one JSON list of [kind, cell, name, text], and before it what was loaded, and what each cell
// has fetched: [cell, file]. For a cell whose id is "offline" nothing can be fetched; for "page" comes a page instead of
// each file, and for "cut" the first half of it.
import fs, { readFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const [site, source] = process.argv.slice(2);
const { start, lock, packages } = JSON.parse(readFileSync(join(site, "live.json"))).python;
const { loadPyodide } = await import(pathToFileURL(join(site, start)).href);
const folder = join(site, start, "..");
const python = await loadPyodide({
  indexURL: folder, packageBaseUrl: folder, lockFileURL: join(site, lock), packages, stdout: console.error });

const fetched = [];
let running = "";
fs.readFileSync = (file) => {
  if (running === "offline") { throw new Error("no connection"); }
  if (running === "page") { return new TextEncoder().encode("<!doctype html><title>Sign in</title>"); }
  if (running === "cut") { return readFileSync(file).subarray(0, 50_000); }
  fetched.push([running, String(file).split("/").at(-1).replace(/-.*/, "")]);
  return readFileSync(file);
};

const names = python.globals.get("dict")();
names.set("__name__", "in_place");
python.runPython(readFileSync(source, "utf8"), { globals: names, filename: "in_place.py" });
const told = [];
const cells = names.get("Cells")((...message) => {
  const [kind, cell, name, text] = message, last = told.at(-1);
  // How much of a stream comes at once depends on the time that it took.
  if (kind === "stream" && last?.slice(0, 3).join() === [kind, cell, name].join()) { last[3] += text; }
  else { told.push(message); }
  if (message[1] === "waits" && message[0] !== "done") { setTimeout(() => cells.cancel()); }
});
cells.connect();
let asked = "";
for await (const piece of process.stdin) { asked += piece; }
for (const [id, code] of JSON.parse(asked)) {
  running = id;
  await cells.start(id, code);
}
process.stdout.write(JSON.stringify({ loaded: Object.keys(python.loadedPackages).sort(), fetched, told }), () => process.exit(0));
