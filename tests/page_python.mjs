// node page_python.mjs SITE
//
// Runs notebooks with the Python of the page, without a browser: the same start.mjs, Pyodide, packages and kernel
// (`pyodide_kernel`) that JupyterLite's worker loads, in the same order, and fed as the worker feeds them. What only a
// browser has (the interface, the worker's messages, the cache) is tested in a browser, with one chapter.
//
// Each line of standard input is a notebook in JSON: its code `cells` as [id, source], and whether its labs are `whole`, with
// all their futures, which a page asks for one by one. Each is run in a Python of its own, as when its page is opened, and
// a line of JSON comes out: {id: outputs}. One process for all, because what V8 has compiled
// of Pyodide is good for the next one.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";

const site = process.argv[2];
const config = JSON.parse(readFileSync(join(site, "jupyter-lite.json")))["jupyter-config-data"];
const kernel = config.litePluginSettings["@jupyterlite/pyodide-kernel-extension:kernel"];
const start = join(site, kernel.pyodideUrl);
const { loadPyodide } = await import(pathToFileURL(start).href);

const plain = (value) => {
  const given = value?.toJs ? value.toJs({ dict_converter: Object.fromEntries }) : value;
  return JSON.parse(JSON.stringify(given, (_, part) => part instanceof Map ? Object.fromEntries(part) : part) ?? "null");
};

async function startKernel() {
  const options = kernel.loadPyodideOptions;
  const folder = join(start, "..");
  const python = await loadPyodide({
    indexURL: folder, packageBaseUrl: folder, stdout: console.error, stderr: console.error,
    lockFileURL: join(site, options.lockFileURL), packages: options.packages });
  await python.runPythonAsync("import piplite.piplite\npiplite.piplite._PIPLITE_DISABLE_PYPI = True");
  await python.runPythonAsync("import pyodide_kernel");
  return python;
}

/** Run the cells one after the other; answer the outputs of each, as a notebook stores them. */
async function run(python, { cells, whole }) {
  const module = python.globals.get("pyodide_kernel");
  const shown = {};
  let outputs = [];
  const stream = (name, text) => outputs.push({ output_type: "stream", name: plain(name), text: plain(text) });
  module.stdout_stream.publish_stream_callback = stream;
  module.stderr_stream.publish_stream_callback = stream;
  if (whole) python.runPython("import os; os.environ['OTP_MINI_STORES_LABS'] = '1'");  // as where the outputs are stored
  const shell = module.kernel_instance.interpreter;
  shell.send_comm = () => {};
  shell.display_pub.display_data_callback = (data, metadata) =>
    outputs.push({ output_type: "display_data", data: plain(data), metadata: plain(metadata) });
  shell.display_pub.update_display_data_callback = () => {};
  shell.display_pub.clear_output_callback = () => {};
  shell.displayhook.publish_execution_result = (count, data, metadata) =>
    outputs.push({ output_type: "execute_result", data: plain(data), metadata: plain(metadata) });
  for (const [id, source] of cells) {
    outputs = shown[id] = [];
    module.kernel_instance._parent_header = python.toPy({ header: { msg_id: id } });
    const result = plain(await module.kernel_instance.run(source));
    if (result.status === "error") {
      outputs.push({ output_type: "error", ename: result.ename, evalue: result.evalue, traceback: [] });
    }
  }
  return shown;
}

for await (const line of createInterface({ input: process.stdin })) {
  const shown = await run(await startKernel(), JSON.parse(line));
  await new Promise((done) => process.stdout.write(JSON.stringify(shown) + "\n", done));
}
process.exit(0);
