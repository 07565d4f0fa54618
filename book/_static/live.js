/* "Open as a notebook": the chapter of this page in JupyterLite, for free work. Its cells run in the text, too: in_place.js.
 *
 * lite/build_lite.py makes the folder lite/ of the site; its live.json names the live copy of every chapter. The name
 * carries a hash of the content, and the browser keeps what a reader changes under that name (IndexedDB, by JupyterLite).
 * So a new release of a chapter is always shown, and this script offers the reader's copies of earlier ones.
 *
 * A page opened with ?live shows the notebook at once and gives it the whole window: that is "Open in a tab".
 */
(() => {
  "use strict";

  const root = new URL(document.documentElement.dataset.content_root || "./", location.href);
  const page = decodeURIComponent(location.pathname).match(/\/notebooks\/([^/]+)\.html$/);
  if (!page) return;
  const stem = page[1];

  /** What live.json says; undefined where there is none, in a file too, and null where the site does not answer. */
  const ask = async () => {
    const answer = await fetch(new URL("lite/live.json", root), { cache: "no-cache" });
    if (answer.status === 404) return undefined;
    return answer.ok ? answer.json() : null;
  };
  const asked = location.protocol === "file:" ? Promise.resolve(undefined) : ask().catch(() => null);
  globalThis.otpLive = { book: asked, chapter: stem }; // in_place.js needs it too

  const TEXTS = {
    offer: "The code cells run where they stand: click into one, or press its Run; nothing is installed.",
    resume: "You have changed this chapter's notebook in this browser: it opens with your copy.",
    released: "This chapter is newer than the notebook that you changed. The new one opens; yours is listed below.",
    starting: "Starting the notebook in your browser. About 24 MB are loaded once; on a slow connection that takes a while.",
    slow: "Python is still starting. On a slow machine or connection this takes some minutes.",
    ready: "Python is ready. Shift+Enter runs a cell, the Run menu runs them all. Your changes stay in this browser.",
    unkept: "Python is ready. This browser keeps nothing of this page: download the notebook with its File menu before you leave.",
    unsaved: "Your notebook could not be saved. Download it with the File menu of the notebook before you leave this page.",
    lost: "A part of the notebook could not be loaded. There may be no connection, or a newer edition of the book: "
      + "reload this page to try again; your changes are kept.",
    busy: "Python is busy. To end what runs, choose Restart Kernel in the Kernel menu: that forgets all names, and your text stays.",
    dead: "Python has ended. Choose Restart Kernel in the Kernel menu, then run the cells again; your changes are kept.",
    failed: "The notebook did not start in this browser. Reload the page to try again; a current Firefox, Chrome, Edge or Safari is needed.",
    fresh: "This is the chapter as it was published.",
    aside: "This is the chapter as it was published. Your copy is listed below.",
    file: "This page was opened as a file, and browsers do not let a file start Python: it can be read, and its cells do not run. "
      + "With python3 course.py read the same page comes from this machine and runs.",
    silent: "The site does not answer: this page can be read, and its cells do not run. Reload it when there is a connection.",
    unbuilt: "This copy of the book was built without its in-page Python: the chapter can be read here, not run. "
      + "python3 course.py lab opens it in JupyterLab.",
    remove: "Delete this copy? It cannot be brought back.",
  };
  const OPEN = "Open as a notebook";
  const SLOW_AFTER = 60_000, FAILED_AFTER = 300_000, LOOK_EVERY = 200, STAYS_AFTER = 1_000;
  const LOST_AFTER = 5_000; // what has not come by then is missed; the notebook does without some of its files
  const BUSY_AFTER = 10_000;
  const SAVED_WITHIN = 3_000; // or something keeps it from that

  const element = (name, properties = {}, ...children) => {
    const made = Object.assign(document.createElement(name), properties);
    made.append(...children);
    return made;
  };

  /* --- what the reader changed: the store of JupyterLite ------------------------------------------------ */

  /** Open the store; null where nothing was ever saved (opening must not make an empty one). */
  const openStore = (name) => new Promise((resolve, reject) => {
    const request = indexedDB.open(name);
    request.onupgradeneeded = () => request.transaction.abort();
    request.onerror = () => (request.error.name === "AbortError" ? resolve(null) : reject(request.error));
    request.onsuccess = () => {
      request.result.onversionchange = () => request.result.close();
      resolve(request.result);
    };
  });

  /** Do `work` with the stored files and the checkpoints in one transaction; answer what `work` answers. */
  const inStore = async (name, mode, work) => {
    const store = await openStore(name);
    if (!store) return null;
    try {
      const names = ["files", "checkpoints"].filter((each) => store.objectStoreNames.contains(each));
      if (!names.includes("files")) return null;
      return await new Promise((resolve, reject) => {
        const transaction = store.transaction(names, mode);
        let answer = null;
        transaction.oncomplete = () => resolve(answer);
        transaction.onerror = transaction.onabort = () => reject(transaction.error);
        work(transaction.objectStore("files"), names[1] && transaction.objectStore("checkpoints"),
          (value) => { answer = value; });
      });
    } finally {
      store.close();
    }
  };

  /** The notebooks of this chapter that the browser keeps: the published name, and earlier ones or copies of it. */
  const stored = (name) => inStore(name, "readonly", (files, _, answer) => {
    const found = [];
    answer(found);
    files.openCursor().onsuccess = ({ target: { result: cursor } }) => {
      if (!cursor) return;
      const key = String(cursor.key);
      if (key.startsWith(stem) && /^\W.*ipynb$/.test(key.slice(stem.length))) found.push(cursor.value);
      cursor.continue();
    };
  }).then((found) => found || [], () => []); // a browser that keeps nothing has nothing to offer

  const remove = (name, path) => inStore(name, "readwrite", (files, checkpoints) => {
    files.delete(path);
    checkpoints?.delete(path);
  });

  const rename = (name, path, newPath) => inStore(name, "readwrite", (files, checkpoints) => {
    files.get(path).onsuccess = ({ target: { result: file } }) => {
      if (!file) return;
      files.put({ ...file, name: newPath, path: newPath }, newPath);
      files.delete(path);
      checkpoints?.delete(path);
    };
  });

  /** Whether a stored notebook differs from what was published under its name (live_notebooks.fingerprint). */
  const changed = (file) => {
    const published = file.content?.metadata?.published;
    const cells = (file.content?.cells || []).map((cell) => [cell.cell_type, [cell.source].flat().join("")]);
    const text = cells.filter(([, source]) => source.trim()).map((cell) => cell.join("\n")).join("\x1e");
    let hash = 0x811c9dc5;
    for (const byte of new TextEncoder().encode(text)) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
    return published !== hash;
  };

  /* --- the bar above the chapter ------------------------------------------------------------------------ */

  const run = element("button", { type: "button", className: "live-run", textContent: OPEN });
  const tab = element("a", { className: "live-tab", target: "_blank", rel: "noopener", textContent: "Open in a tab" });
  const afresh = element("button", { type: "button", className: "live-afresh", textContent: "Start afresh", hidden: true });
  const over = element("button", { type: "button", className: "live-over", textContent: "Take your notebook over into the text", hidden: true });
  const says = element("p", { className: "live-says" });
  const list = element("ul");
  const earlier = element("details", { className: "live-earlier", hidden: true }, element("summary"), list);
  const bar = element("div", { className: "live-bar" }, says);
  bar.setAttribute("role", "group");
  bar.setAttribute("aria-label", "Run this chapter");
  says.setAttribute("role", "status");

  const article = () => document.querySelector("article.bd-article");
  const whole = new URLSearchParams(location.search).has("live");
  let book, room, frame, opened, position, came = ""; // the room is what the frame stands in: it shows that something is coming
  let missed; // since when the notebook waits for something that did not come
  let alarm; // rings when a cell has run for long
  let told = ""; // what is said as long as the notebook is shown

  const say = (text) => { if (says.textContent !== text) says.textContent = text; }; // what is put there is read out
  const tell = (text) => {
    told = text;
    if (!room?.hidden) say(text);
  };
  const current = () => book.notebooks[stem];
  const application = () => { try { return frame?.contentWindow?.jupyterapp; } catch { return undefined; } };
  const notebook = () => application()?.shell?.currentWidget;

  /**
   * Write what is not saved yet; the notebook also saves by itself, every few seconds. Answer whether all is written: where
   * it is not, JupyterLab asks or says why, in the notebook.
   */
  const save = async () => {
    const context = notebook()?.context;
    if (!context?.isReady || !context.model.dirty) return true;
    const late = new Promise((resolve) => { setTimeout(resolve, SAVED_WITHIN); });
    await Promise.race([context.save().catch(() => {}), late]);
    return !context.model.dirty;
  };

  /** Whether the browser keeps anything: it may be told to refuse all of a site. */
  const keeps = () => {
    try {
      return Boolean(indexedDB);
    } catch {
      return false;
    }
  };

  /** Whether a frame has the page of the application, and no error of the site or of the browser. */
  const isApplication = (shown) => Boolean(shown.contentDocument?.getElementById("jupyter-config-data"));

  const lookAt = (watched) => { if (watched === frame && !isApplication(watched)) missed = -Infinity; };

  /** Firefox and WebKit tell nobody of a frame whose page does not come: when the site has answered again, it will not. */
  const askAgain = async (watched) => {
    if (watched !== frame || isApplication(watched)) return;
    await fetch(watched.src).catch(() => { /* nor does this */ });
    lookAt(watched);
  };

  const show = (path) => {
    close();
    opened = path;
    missed = undefined;
    const address = `lite/notebooks/index.html?path=${encodeURIComponent(path)}&release=${book.release}`;
    frame = element("iframe", { title: `${document.title}: the notebook`, src: new URL(address, root).href });
    frame.onload = () => lookAt(frame);
    setTimeout(askAgain, LOST_AFTER, frame);
    room = element("div", { id: "live-notebook", className: "live-room" }, frame);
    room.dataset.state = "starting";
    bar.after(room);
    article().hidden = true;
    document.documentElement.classList.add("live-on");
    run.setAttribute("aria-expanded", "true");
    run.textContent = "Back to the text";
    afresh.hidden = path !== current();
    tell(TEXTS.starting);
    watch(frame, performance.now());
  };

  /** Take the notebook out of the page; without asking, so what is not saved must be saved before. */
  const close = () => {
    clearTimeout(alarm);
    room?.remove();
    room = frame = opened = undefined;
  };

  /** The heading that the reader is at: the last one that has left the upper third of the window. */
  const headingHere = () => {
    const headings = [...article().querySelectorAll(":is(h1, h2, h3)")];
    const passed = headings.filter((each) => each.getBoundingClientRect().top < window.innerHeight / 3);
    // A heading ends with the theme's link to itself, which is no part of its words.
    const words = passed.at(-1)?.cloneNode(true);
    words?.querySelectorAll(".headerlink, .in-place-state").forEach((each) => each.remove());
    return words && passed.at(-1).tagName !== "H1" ? words.textContent.trim() : "";
  };

  /** Remember where the reader stays: the button stands above the text, and the way up to it is no reading. */
  const remember = () => {
    let pause;
    window.addEventListener("scroll", () => {
      clearTimeout(pause);
      pause = setTimeout(() => { if (!article().hidden) came = headingHere() || came; }, STAYS_AFTER);
    }, { passive: true });
    came = headingHere(); // an address with #section is there already
  };

  /** Show the cell of the notebook that begins the section which the reader was in. */
  const goTo = (heading) => {
    const content = notebook()?.content;
    const bare = (text) => text.replace(/[`*\\]/g, "").replace(/[’']/g, "'").trim();
    const at = content?.widgets?.findIndex(({ model }) => model.sharedModel.getSource().split("\n")
      .some((line) => /^#{2,4} /.test(line) && bare(line.replace(/^#+ /, "")) === bare(heading))) ?? -1;
    if (at < 0) return;
    content.activeCellIndex = at;
    Promise.resolve(content.scrollToItem?.(at, "start")).catch(() => { /* it is active, and that is all there is */ });
  };

  const toggle = async () => {
    const on = !document.documentElement.classList.contains("live-on");
    if (on) {
      position = window.scrollY;
      came = headingHere() || came;
      if (came && frame) setTimeout(goTo, 0, came);
    }
    const saved = await save();
    if (on && (!frame || (room.dataset.lost && saved))) {
      show(opened ?? current());
    } else {
      room.hidden = !on;
      article().hidden = on;
      document.documentElement.classList.toggle("live-on", on);
      run.setAttribute("aria-expanded", String(on));
      run.textContent = on ? "Back to the text" : OPEN;
      afresh.hidden = !on || opened !== current();
      if (on) say(told);
    }
    if (!on) {
      await offer();
      if (!saved) say(TEXTS.unsaved);
      window.scrollTo(0, position);
    }
  };

  const backToTheText = async () => { if (article().hidden) await toggle(); };

  /** Take the notebook out of the page once it is saved, and do what comes then; without it if its text would be lost. */
  const leave = async (work = () => {}) => {
    if (!await save()) return say(TEXTS.unsaved);
    close();
    await work();
  };

  /** Follow a notebook from its first byte to the first idle kernel, and say what happens. */
  const watch = (watched, began) => {
    if (watched !== frame) return;
    const status = notebook()?.sessionContext?.session?.kernel?.status;
    if (notebook()?.content?.model && room.dataset.state === "starting") {
      room.dataset.state = "shown";
      watched.contentDocument.head.append(element("style", { textContent: SHEET }));
      follow();
      // Only a notebook that is whole on the screen has all its cells and stays where it is put.
      const heading = came;
      if (heading) notebook().revealed.then(() => setTimeout(goTo, 500, heading));
    }
    if (status === "idle" || status === "busy") {
      room.dataset.state = "ready";
      delete room.dataset.lost;
      if (![TEXTS.fresh, TEXTS.aside].includes(told)) tell(ready());
      notebook().sessionContext.statusChanged.connect((_, now) => heed(now));
      return;
    }
    const now = performance.now(), waited = now - began;
    if (watched.contentDocument?.querySelector(".jp-Dialog")) missed ??= now; // there JupyterLab says what it lacks
    const lost = now - missed > LOST_AFTER, failed = status === "dead" || waited > FAILED_AFTER;
    if (lost || failed) room.dataset.lost = "yes";
    if (lost || failed || waited > SLOW_AFTER) tell(lost ? TEXTS.lost : failed ? TEXTS.failed : TEXTS.slow);
    setTimeout(watch, LOOK_EVERY, watched, began);
  };

  const ready = () => (keeps() ? TEXTS.ready : TEXTS.unkept);

  /** Say it where a cell takes long, for JupyterLab's Interrupt ends none here; where Python has died; where it is well again. */
  const heed = (status) => {
    clearTimeout(alarm);
    if (status === "busy") alarm = setTimeout(tell, BUSY_AFTER, TEXTS.busy);
    if (status === "dead") tell(TEXTS.dead);
    if (status === "idle" && [TEXTS.busy, TEXTS.dead].includes(told)) tell(ready());
  };

  /** What the frame tells (lite/early.js). */
  window.addEventListener("message", ({ source, data }) => {
    if (!frame || source !== frame.contentWindow) return;
    if (data?.notebook === "lost") missed ??= performance.now();
    if (data?.notebook === "dead") heed("dead");
  });

  /** Give the notebook the theme of the page. */
  const follow = () => {
    const theme = document.documentElement.dataset.theme === "dark" ? "JupyterLab Dark" : "JupyterLab Light";
    if (room && room.dataset.state !== "starting") application()?.commands.execute("apputils:change-theme", { theme });
  };

  /** As on the page: a picture that was drawn for white paper gets a light ground in the dark. */
  const SHEET = `[data-jp-theme-light="false"] .jp-RenderedSVG img { background: #d8dce0; border-radius: 4px; padding: 4px; }`;

  const startAfresh = () => leave(async () => { // before the store is changed: the notebook would write its copy back
    const file = (await stored(book.storage)).find(({ path }) => path === current());
    const keep = file && changed(file);
    const stamp = new Date().toISOString().replace(/[:.]/g, "-");
    if (keep) await rename(book.storage, current(), current().replace(/ipynb$/, `kept-${stamp}.ipynb`));
    else if (file) await remove(book.storage, current());
    show(current());
    await listEarlier();
    tell(keep ? TEXTS.aside : TEXTS.fresh);
  });

  const listEarlier = async () => {
    const files = await stored(book.storage);
    const others = files.filter((file) => file.path !== current() && changed(file));
    others.sort((one, other) => (one.last_modified < other.last_modified ? 1 : -1));
    list.replaceChildren(...others.map(earlierCopy));
    earlier.firstChild.textContent = `Your earlier copies (${others.length})`;
    earlier.hidden = !others.length;
    return { mine: files.find((file) => file.path === current() && changed(file)), others };
  };

  const earlierCopy = (file) => {
    const when = new Date(file.last_modified).toLocaleString(document.documentElement.lang || undefined,
      { dateStyle: "medium", timeStyle: "medium" });
    const open = element("button", { type: "button", textContent: "Open" });
    const over = element("button", { type: "button", textContent: "Take over into the text" });
    const drop = element("button", { type: "button", textContent: "Delete" });
    open.setAttribute("aria-label", `Open the copy that was saved ${when}`);
    over.setAttribute("aria-label", `Take over into the text the copy that was saved ${when}`);
    drop.setAttribute("aria-label", `Delete the copy that was saved ${when}`);
    open.onclick = () => leave(() => show(file.path));
    over.onclick = () => takeOver(file);
    drop.onclick = async () => {
      if (!window.confirm(TEXTS.remove)) return;
      if (opened === file.path) { await backToTheText(); close(); }
      await remove(book.storage, file.path);
      await listEarlier();
      run.focus();
    };
    return element("li", {}, element("span", { textContent: `saved ${when}` }), open, over, drop);
  };

  /** Put what the reader wrote in a notebook into the cells of the text. */
  const takeOver = async (file) => {
    await backToTheText();
    try {
      say((await globalThis.inPlace.load()).take(file.content, file.path === current()));
    } catch (error) {
      say(error.message);
    }
  };

  /** Say what the button would open. */
  const offer = async () => {
    const { mine, others } = await listEarlier();
    const newer = others.some(({ path }) => !path.includes(current().replace(/\.ipynb$/, "")));
    over.hidden = !mine;
    over.onclick = () => takeOver(mine);
    if (!article().hidden) say(mine ? TEXTS.resume : newer ? TEXTS.released : TEXTS.offer);
  };

  /** Put the bar in its place as soon as there is one: later it would move the text. Its buttons come to life below. */
  const place = () => {
    if (!bar.isConnected) article()?.before(bar);
    return bar.isConnected;
  };

  const start = async () => {
    if (!place()) return;
    if (location.protocol === "file:") return unable(TEXTS.file);
    book = await asked;
    if (book === null) return unable(TEXTS.silent);
    if (!book || !current()) return unable(TEXTS.unbuilt);
    run.setAttribute("aria-expanded", "false");
    run.setAttribute("aria-controls", "live-notebook");
    run.onclick = toggle;
    afresh.onclick = startAfresh;
    tab.href = `${location.pathname}?live`;
    tab.onclick = async () => {
      if (!frame) return;
      await backToTheText(); // one notebook at a time: two would write over each other's changes
      await leave();
    };
    run.disabled = false;
    remember();
    bar.append(earlier);
    new MutationObserver(follow).observe(document.documentElement, { attributeFilter: ["data-theme"] });
    document.addEventListener("visibilitychange", () => { if (document.hidden) save(); });
    await offer();
    if (whole) {
      document.documentElement.classList.add("live-whole");
      tab.hidden = true;
      run.onclick = () => leave(() => location.assign(location.pathname));
      show(current());
    }
  };

  /** Nothing runs here: say why. */
  const unable = (text) => {
    say(text);
    [run, tab, afresh, over].forEach((each) => each.remove());
  };

  say(TEXTS.offer);
  run.disabled = true;
  bar.append(run, tab, afresh, over);
  if (!place()) {
    const parsed = new MutationObserver(() => { if (place()) parsed.disconnect(); });
    parsed.observe(document, { childList: true, subtree: true });
  }
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start);
  else start();
})();
