// node in_place_python.mjs SITE IN_PLACE < cells.json
//
// Runs cells as a page without Jupyter does: with the files that live.json names, and lite/in_place.py. Standard input
// is a JSON list of [id, source]; a cell whose id is "waits" is stopped as soon as it has told something. Everything
// that is told comes out as one JSON list of [kind, cell, name, text], and before it what was loaded.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const [site, source] = process.argv.slice(2);
const { start, lock, packages } = JSON.parse(readFileSync(join(site, "live.json"))).python;
const { loadPyodide } = await import(pathToFileURL(join(site, start)).href);
const folder = join(site, start, "..");
const python = await loadPyodide({
  indexURL: folder, packageBaseUrl: folder, lockFileURL: join(site, lock), packages, stdout: console.error });

const names = python.globals.get("dict")();
names.set("__name__", "in_place");
python.runPython(readFileSync(source, "utf8"), { globals: names, filename: "in_place.py" });
const told = [];
const cells = names.get("Cells")((...message) => {
  told.push(message);
  if (message[1] === "waits" && message[0] !== "done") { setTimeout(() => cells.cancel()); }
});
cells.connect();
let asked = "";
for await (const piece of process.stdin) { asked += piece; }
for (const [id, code] of JSON.parse(asked)) {
  await cells.start(id, code);
}
process.stdout.write(JSON.stringify({ loaded: Object.keys(python.loadedPackages).sort(), told }), () => process.exit(0));
