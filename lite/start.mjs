// @ts-check
// What the worker of a page, and the kernel of a notebook in it, load as Pyodide: Pyodide itself, with a standard library
// that is compiled where each start needs it, and what is fetched when something first asks for it (late.py).
//
// One of these is viz.js, which is Graphviz. Python finds it as the module viz_js (otp_mini/viz/layout.py asks it where the
// boxes of a tree stand).
import { loadPyodide as load } from "./pyodide.mjs";
import { turns } from "./turns.mjs";

export * from "./pyodide.mjs";

/* The build puts in what is fetched late: {archive: {file, modules or sources, folder or zip or script}}. A `wanted` one is
   there only where its package was asked for. */
/** @type {Record<string, {file: string, folder?: string, zip?: string, script?: boolean, wanted?: boolean}>} */
const ARCHIVES = /** @type {any} */ ("ARCHIVES");
const LATE = "LATE.PY";
/** @param {string} file */
const at = (file) => new URL(file, import.meta.url);

/**
 * The bytes of an archive, unless they are another file or a piece of it: a zip begins so, and ends with its end record.
 * @param {string} name @param {Uint8Array} bytes
 */
const whole = (name, bytes) => {
  const { file, script } = ARCHIVES[name], signature = (/** @type {number} */ from) => String.fromCharCode(...bytes.slice(from, from + 4));
  if (script || (bytes.length > 22 && signature(0) === "PK\x03\x04" && signature(bytes.length - 22) === "PK\x05\x06")) return bytes;
  throw new Error(`${file}: no zip, or a piece of one`);
};

/** The bytes of a file, at once: a worker may wait for them. @param {string} file */
const read = (file) => {
  if (typeof XMLHttpRequest === "undefined") return new Uint8Array(process.getBuiltinModule("node:fs").readFileSync(at(file))); // in Node
  const request = new XMLHttpRequest();
  request.open("GET", at(file).href, false);
  request.responseType = "arraybuffer";
  request.send();
  if (request.status !== 200) throw new Error(`${file}: ${request.status}`);
  return new Uint8Array(request.response);
};

/** Put an archive in place; answer under which folder. @param {any} python @param {string} name @param {Uint8Array} bytes */
const place = (python, name, bytes) => {
  const { folder, zip, script } = ARCHIVES[name];
  if (script) python.registerJsModule(name, new Function(new TextDecoder().decode(bytes))());
  else if (zip) python.FS.writeFile(zip, bytes);
  else python.unpackArchive(bytes, "zip", { extractDir: folder });
  return zip ?? folder ?? "";
};

/**
 * An archive that is needed at once, fetched while Python starts; null where it did not come: the first import asks again.
 * @param {string} name
 */
const coming = async (name) => {
  try {
    const response = await fetch(at(ARCHIVES[name].file));
    return response.ok ? whole(name, new Uint8Array(await response.arrayBuffer())) : null;
  } catch {
    return null;
  }
};

/**
 * Of a notebook: the Python that notebook.mjs began to start before the application asked for it.
 * @type {Promise<any> | undefined}
 */
let begun;

/** Start Python ahead of the application, up to what the kernel imports first. @param {any} options */
export const begin = (options) => {
  begun = start(options).then((python) => python.runPythonAsync("import piplite.piplite, pyodide_kernel").then(() => python));
  begun.catch(() => {}); // whoever asks for Python starts it again, and hears why it does not start
};

/** @param {any} options  as Pyodide's; `early` names archives that are needed at once. */
export async function loadPyodide(options = {}) {
  const python = await begun?.catch(() => undefined);
  begun = undefined;
  if (!python) return start(options);
  for (const [set, batched] of [["setStdout", options.stdout], ["setStderr", options.stderr]]) if (batched) python[set]({ batched });
  return python;
}

/**
 * Pyodide, with all of these packages, or an error. By itself it leaves out a package that does not come, and where its
 * WebAssembly does not come it warns, and is never ready.
 * @param {any} options
 */
async function loaded(options) {
  const { instantiateStreaming } = WebAssembly;
  try {
    const python = await new Promise((resolve, reject) => {
      WebAssembly.instantiateStreaming = (...given) => {
        const made = instantiateStreaming.apply(WebAssembly, given);
        made.catch(reject);
        return made;
      };
      load(options).then(resolve, reject);
    });
    const lost = options.packages.filter((/** @type {string} */ name) => !(name in python.loadedPackages));
    if (lost.length) throw new Error(`${lost.join(", ")} did not come`);
    return python;
  } finally {
    WebAssembly.instantiateStreaming = instantiateStreaming;
  }
}

/** @param {{early?: string[], packages?: string[]}} options */
async function start({ early = [], packages = [], ...options }) {
  const first = early.map(async (name) => /** @type {const} */ ([name, await coming(name)]));
  const now = packages.filter((name) => !(name.replaceAll("-", "_") in ARCHIVES));
  const python = await loaded({ stdLibURL: at("./python_stdlib.zip").href, packages: now, ...options });
  const names = python.globals.get("dict")();
  names.set("__name__", "late");
  python.runPython(LATE, { globals: names, filename: "late.py" });
  const asked = new Set(packages.map((name) => name.replaceAll("-", "_")));
  const here = Object.fromEntries(Object.entries(ARCHIVES).filter(([name, { wanted }]) => !wanted || asked.has(name)));
  const late = names.get("install")(python.toPy(here), (/** @type {string} */ name) =>
    place(python, name, whole(name, read(ARCHIVES[name].file))));
  for (const [name, bytes] of await Promise.all(first)) if (bytes) late.places.set(name, place(python, name, bytes));
  if (/^((?!Chrome).)*Safari/.test(globalThis.navigator?.userAgent)) python.pyimport("pyodide.webloop").scheduleCallback = turns();
  return python;
}
