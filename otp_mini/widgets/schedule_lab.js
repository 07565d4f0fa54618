/* The schedule lab's front end: the reader is the scheduler. Text enters the page only as text.
 *
 *   show(element, {levels}, {css, ask, live, address})     the lab
 *   new Level(document)                                    the model of one level alone
 *
 * A level is a document of otp_mini.viz.schedule_page: places, who can go from each, and what differs behind. Where it
 * ends, `ask` answers what comes behind a path, if there is a Python to ask; `live` answers a button that starts one.
 * `address` says whether the page's address keeps the run.
 */
import { addressOf, atTheEnd, button, calm, capital, div, h, icon, list, onKeys, para, put, rich, SHAPE, shell, span, stampOf, Transport, UNSAID } from "./lab_parts.js";

// ---- the model: a path of steps through the places ----
const [OPEN, RIGHT, WRONG] = [0, 1, 2];  // what is still possible from a place on; 3: that is not recorded
const STATES = ["ready", "waits", "ended", "table"];
const travels = (path) => path.includes(">");  // a signal or a timer, and no process

export class Level {
  constructor(doc) {
    this.doc = doc;
    this.pictures = new Map();
    this.recorded = doc.who.length;  // who comes later is no part of the recording
  }

  fate(place) { return this.doc.places[place][3]; }

  end(place) { return this.doc.ends[this.doc.places[place][4]] ?? null; }

  /** Who can go from a place: `who`, the place behind (-1: not recorded), what the step does. */
  offered(place) {
    const flat = this.doc.places[place][2], found = [];
    for (let i = 0; i < flat.length; i += 3) found.push({ who: flat[i], to: flat[i + 1], says: this.doc.texts[flat[i + 2]] });
    return found;
  }

  name(who) { return this.doc.who[who][1]; }

  /** How things stand at a place: for each row its cells, or nothing where it is not there. */
  picture(place) {
    if (this.pictures.has(place)) return this.pictures.get(place);
    const way = [];
    for (let p = place; p >= 0 && !this.pictures.has(p); p = this.doc.places[p][0]) way.unshift(p);
    let rows = this.pictures.get(this.doc.places[way[0]][0]) ?? [];
    for (const p of way) {
      rows = [...rows];
      for (const [row, ...cells] of this.doc.places[p][1]) rows[row] = cells.length ? cells : undefined;
      this.pictures.set(p, rows);
    }
    return rows;
  }

  row(place, row) {
    const cells = this.picture(place)[row], text = (i) => this.doc.texts[i];
    if (!cells) return { st: "absent", why: "", hand: "", has: "", at: "", box: [] };
    const [st, why, hand, has, at, ...box] = cells;
    return { st: STATES[st], why: text(why), hand: text(hand), has: text(has), at: text(at), box: box.map(text) };
  }

  /** The place after so many steps. */
  at(steps, count = steps.length) { return count ? steps[count - 1].to : 0; }

  /** Go on where only one can go. */
  settle(steps) {
    for (;;) {
      const only = this.offered(this.at(steps));
      if (only.length !== 1 || only[0].to < 0) return steps;
      steps.push({ ...only[0], free: false });
    }
  }

  /** The steps of choices that were `kept`, as far as they are known, and what is left; null where one cannot be made. */
  follow(kept) {
    const steps = this.settle([]);
    for (const [i, one] of kept.entries()) {
      const move = this.chosen(steps, one);
      if (!move) return null;
      if (move.to < 0) return { steps, left: kept.slice(i) };
      steps.push({ ...move, free: true });
      this.settle(steps);
    }
    return { steps, left: [] };
  }

  /** The move that was kept so; or the only one, which is always taken. */
  chosen(steps, one) {
    const moves = this.offered(this.at(steps));
    return moves.length === 1 ? moves[0] : moves.find(({ who }, i) => one === this.kept(who, i));
  }

  /** A choice as the address keeps it: who is in the recording by number, another by its place among those who can go. */
  kept(who, i) { return who < this.recorded ? String(who) : `o${i}`; }

  choices(steps, count = steps.length) { return steps.slice(0, count).flatMap(({ who, free }) => (free ? [who] : [])); }

  /** The choices of some steps, to be kept. */
  keep(steps, count) {
    return steps.slice(0, count).flatMap(({ who, free }, n) =>
      (free ? [this.kept(who, this.offered(this.at(steps, n)).findIndex((move) => move.who === who))] : []));
  }

  /** The names of those who go, as Python knows them. */
  path(steps) { return steps.map(({ who }) => this.doc.who[who][0]); }

  /** Take over what comes behind a step from a place: the first place of the piece is that place. */
  learn(place, who, piece) {
    const { doc } = this, before = doc.places.length - 1, to = (n) => (n > 0 ? before + n : n < 0 ? -1 : place);
    const [whos, rows, texts, ends] = [["who", ([path]) => path], ["rows", ([kind, name, path = name]) => `${kind} ${path}`], ["texts", String], ["ends", JSON.stringify]].map(([table, key]) =>
      piece[table].map((one) => {
        const known = doc[table].findIndex((each) => key(each) === key(one));
        if (known < 0) return doc[table].push(one) - 1;
        if (["who", "rows"].includes(table) && one[1].length > doc[table][known][1].length) doc[table][known] = one;  // another has its name
        return known;
      }));
    const moved = (moves) => moves.map((n, i) => (i % 3 ? (i % 3 === 1 ? to(n) : texts[n]) : whos[n]));
    for (const [from, differences, moves, fate, end, able] of piece.places.slice(1)) {
      const cells = differences.map(([row, ...rest]) => [rows[row], ...rest.map((n, i) => (i ? texts[n] : n))]);
      doc.places.push([to(from), cells, moved(moves), fate, end === null ? null : ends[end], able?.map((n) => whos[n])]);
    }
    const here = doc.places[place][2], found = moved(piece.places[0][2]);
    const find = (moves) => moves.findIndex((n, i) => i % 3 === 0 && n === who);
    here.splice(find(here), 3, ...found.slice(find(found), find(found) + 3));
  }

  /** How many choices were made when all was lost, or null. */
  lost(steps) {
    const step = steps.findIndex(({ to }) => this.fate(to) === WRONG);
    return this.fate(0) === WRONG ? 0 : step < 0 ? null : this.choices(steps, step + 1).length;
  }

  /** After how many steps all was decided; 0 where that is not known, or was so from the start. */
  turn(steps) {
    const step = steps.findIndex(({ to }) => [RIGHT, WRONG].includes(this.fate(to)));
    return step >= 0 && this.fate(this.at(steps, step)) === OPEN ? step + 1 : 0;
  }

  travels(who) { return who >= 0 && travels(this.doc.who[who][0]); }

  /** Before each step, and behind the last: who could go, and the queue of them, each with the step that made it ready.
   *
   * `calm` leaves out of the queue's account what was taken at once though others were ready: it is nobody's turn.
   */
  queues(steps, calm = false) {
    let line = [], last = -1;
    return [...steps, {}].map(({ who, free }, i) => {
      const place = this.at(steps, i), able = this.doc.places[place][5] ?? this.offered(place).map((move) => move.who);
      const old = line.filter(({ w }) => w !== last && able.includes(w)), known = old.map(({ w }) => w);
      line = [...old, ...able.filter((w) => !known.includes(w)).map((w) => ({ w, i }))];
      last = calm && !free && able.length > 1 ? -1 : who;
      const ready = line.filter(({ w }) => !this.travels(w));
      return { able, queue: ready.length ? ready : line };
    });
  }

  /** The steps as a text that `replay` takes: where somebody goes other than usual, or where what is usual is not known. */
  schedule(steps) {
    const queues = this.queues(steps), said = [];
    steps.forEach(({ who }, i) => {
      const { able, queue } = queues[i], last = i ? steps[i - 1].who : -1, goesOn = able.includes(last) && !this.travels(last);
      // Who has become a server goes to the head of the queue, which only the recorded order tells.
      const sure = able.length < 2 || goesOn || queue.length < 2 || (queue[0].i !== queue[1].i && queue[0].w === able[0]);
      if (!sure || who !== (goesOn ? last : queue[0].w)) said.push(`@${i} ${this.doc.who[who][0]}`);
    });
    return said.join(" ") || "(usual)";
  }

  /** Who goes where nobody says otherwise: the one that went last, else who has been ready longest; of those recorded, or of `all`. */
  usual(steps, all = false) {
    const queues = this.queues(steps, true), { able, queue } = queues.at(-1);
    const turn = steps.findLast(({ free }, i) => free || queues[i].able.length < 2), last = turn?.who ?? -1;
    const wanted = able.includes(last) && !this.travels(last) ? last : queue[0]?.w;
    const moves = this.offered(this.at(steps)).filter(({ to }) => all || to >= 0);
    return moves.find(({ who }) => who === wanted) ?? moves[0];
  }
}

// ---- the lab ----
const MARKS = { ready: SHAPE.play, waits: SHAPE.pause, ended: SHAPE.stopped, table: SHAPE.finished, absent: SHAPE.forgotten };
const SAID = { ready: "ready", ended: "has ended", table: "table", absent: "not started" };
const MOST_OTHERS = 4, MOST_TOLD = 4, MOST_MAIL = 12;
const USUAL = "the one that went last, else the one that has been ready longest";
const KEYS = `|1| to |9| choose who goes next, |u| lets it go on as usual (${USUAL}), |e| goes on so to the end, |Esc| stops that, |,| and |.| step back and on, |p| plays.`;
const times = (n) => `${n} ${n === 1 ? "choice" : "choices"}`;

export function show(el, { levels: documents }, { css = "", ask, live = () => null, address = false } = {}) {
  const stamp = stampOf(JSON.stringify(documents));
  const levels = documents.map((given) => {
    const doc = structuredClone(given), level = new Level(doc), steps = level.settle([]);  // it learns what is asked for
    return { level, doc, steps, at: steps.length, from: 0, others: [], tried: false, broken: false, showing: false };
  });
  let now = levels[0], note = "", ends = null, spoken = "", busy = false, running = false, due = 0, visit = 0;

  const nav = levels.length > 1 ? h("div", { class: "levels", role: "group", "aria-label": "Levels" }) : null;
  const title = div("headline"), goal = para("goal"), board = div("board");
  const turnOf = para("who"), choices = h("div", { class: "choices", role: "group", "aria-label": "Who goes next" });
  const caption = h("p", { class: "caption", "aria-live": "polite" }), verdict = h("div", { class: "verdict", role: "status" });
  const usual = button("link", () => asUsual(), "As usual"), run = button("link", () => toEnd(), "Run on to the end");
  usual.title = `Lets go on ${USUAL}`;
  const again = button("link", () => restart(), "Start again"), others = div("forks");
  const log = h("ol", { class: "log", tabindex: 0, "aria-label": "What happened" });
  const bar = new Transport({
    go: (step) => goTo(Math.max(0, Math.min(now.steps.length, step))),
    count: () => now.steps.length, now: () => now.at, dwell: () => Math.min(4000, 700 + 25 * spoken.length), changed: () => paint(),
    stops: () => [0, ...now.steps.flatMap(({ free }, i) => (free ? [i] : [])), now.steps.length],
    leaps: ["To the choice before", "To the next choice"],
  });
  shell(el, "schedule-lab", `Schedule lab: ${documents[0].title}`, css,
    nav, title, goal, board,
    div("dock", div("asks", turnOf, span("more", usual, run, again)), choices, caption, verdict, bar.el),
    others, div("title", "What happened"), log,
    h("details", { class: "keys" }, h("summary", {}, "Keys"), h("p", {}, rich(KEYS.split("|").map((text, i) => (i % 2 ? { c: text } : text))))));

  onKeys(el, (key) => {
    const move = "123456789".includes(key) ? offered()[key - 1] : null;
    return move ? () => choose(move) : { ...bar.keys, u: asUsual, e: toEnd, Escape: running && toEnd }[key];
  });

  const place = addressOf(address, el, documents.length > 1 ? `${documents[0].title} and more` : documents[0].title, stamp, {
    restore, refuse: (sentence) => { note = sentence; paint(); },
  });

  /** On: what happened in between is told. Back: what happened last. */
  function goTo(step) {
    hush();
    now.from = step > now.at ? now.at : Math.max(0, step - 1);
    now.at = step;
    paint();
  }

  function here() { return now.level.at(now.steps, now.at); }

  function offered() { return now.level.offered(here()); }

  function over() { return now.at === now.steps.length && now.level.end(here()); }

  /** Nothing is being said any more but what happened, and nobody waits for what was asked before. */
  function hush() {
    visit += 1;
    busy = running = false;
    note = "";
    ends = null;
  }

  /** Let one go. Where the reader stands in the middle of a run, another one begins here, unless it is the same step. */
  async function choose(move) {
    if (busy) return;
    bar.pause();
    hush();
    const mine = visit, known = move.to < 0 ? await found(move) : move;
    if (mine !== visit) return;
    if (known) step(known);
    else if (!ask) ends = move;
    keep();
    paint();
  }

  /** A move with what comes behind it, which was not recorded; null where nobody can tell, or the reader has gone elsewhere. */
  async function found(move) {
    const { steps, at, level } = now;
    return (await learn(level, steps.slice(0, at), move)) ? offered().find(({ who }) => who === move.who) : null;
  }

  /** Ask what comes when somebody goes behind these steps; answers whether the page knows it now, and the reader waits for it. */
  async function learn(level, steps, { who }) {
    if (!ask) return false;
    const mine = visit;
    busy = true;
    note = running ? "Running on: Python is asked step by step. Stop, or the key Escape, ends it here." : "Asking Python…";
    if (running) soon();
    else paint();
    let error;
    try {
      level.learn(level.at(steps), who, await ask([...level.path(steps), level.doc.who[who][0]], levels.findIndex((each) => each.level === level)));
    } catch (raised) {
      error = raised;
    }
    if (mine !== visit) return false;
    busy = false;
    note = error?.message ?? "";
    return !error;
  }

  function step(move) {
    const { level, steps, at } = now, free = offered().length > 1;
    now.from = at;
    if (steps[at]?.who === move.who) {
      const next = steps.findIndex((each, i) => i > at && each.free);
      now.at = next < 0 ? steps.length : next;
    } else {
      remember();
      now.showing = false;
      now.steps = level.settle([...steps.slice(0, at), { ...move, free }]);
      now.at = now.steps.length;
    }
    if (over()) finish();
  }

  function finish() {
    if (now.showing) return;
    now.tried = true;
    now.broken ||= over()[1] === false;
  }

  function keep(count = now.at) { place.write(count ? [levels.indexOf(now), ...now.level.keep(now.steps, count)].join("_") : ""); }

  function usualMove() { return now.level.usual(now.steps.slice(0, now.at), !!ask); }

  function asUsual() {
    const move = usualMove();
    if (move) choose(move);
  }

  /** On as usual to the end; where that takes its time, the same button stops it. */
  async function toEnd() {
    if (running) return stop();
    if (busy) return;
    bar.pause();
    hush();
    const from = now.at, mine = visit;
    running = true;
    paint();
    for (let move = usualMove(); move && !over(); move = usualMove()) {
      const known = move.to < 0 ? await found(move) : move;
      if (mine !== visit) return;
      if (!known) break;
      step(known);
    }
    running = false;
    now.from = from;
    keep();
    paint();
    verdict.querySelector("button")?.focus({ preventScroll: true });
  }

  /** Show now and then how far a run has come: to paint each of its steps takes longer than to ask for it. */
  function soon() {
    due ||= setTimeout(() => { due = 0; if (running) paint(); }, 300);
  }

  function stop() {
    hush();
    note = `Stopped after step ${now.at}. Choose who goes next, or run on.`;
    keep();
    paint();
  }

  /** Keep a run that came to its end and is about to be left. */
  function remember() {
    const { level, steps } = now, key = String(level.choices(steps));
    if (!level.end(level.at(steps)) || now.others.some((other) => String(level.choices(other)) === key)) return;
    now.others = [steps, ...now.others].slice(0, MOST_OTHERS);
  }

  function restart() {
    bar.pause();
    remember();
    begin();
    keep();
    choices.querySelector("button")?.focus({ preventScroll: true });
  }

  function begin() {
    hush();
    now.steps = now.level.settle([]);
    now.showing = false;
    now.at = now.steps.length;
    now.from = 0;
    paint();
  }

  function showMe() {
    remember();
    hush();
    const { level, doc } = now, steps = [];
    for (const who of doc.shortest.path) {
      const moves = level.offered(level.at(steps)), move = moves.find((each) => each.who === who);
      steps.push({ ...move, free: moves.length > 1 });
    }
    Object.assign(now, { steps, at: level.settle([]).length, from: 0, showing: true });
    keep(steps.length);
    paint();
    bar.parts[2].focus({ preventScroll: true });
    if (!calm()) bar.play();
  }

  /** The run that an address asks for. */
  async function restore(text) {
    if (!/^\d+(_o?\d+)*$/.test(text)) return false;
    const [index, ...kept] = text.split("_"), { level } = levels[index] ?? {};
    let run = level?.follow(kept);
    if (!run) return false;
    bar.pause();
    now = levels[index];
    remember();
    hush();
    const mine = visit;
    while (run?.left.length && (await learn(level, run.steps, level.chosen(run.steps, run.left[0])))) run = level.follow(kept);
    if (mine !== visit) return true;  // the reader has gone elsewhere
    if (!run) return false;
    Object.assign(now, { steps: run.steps, at: run.steps.length, from: 0, showing: false });
    if (over()) finish();
    paint();
    return !run.left.length || note || "What this page has recorded ends here, and the address goes on.";
  }

  // Painting: everything on the page follows from what stands above.

  function paint() {
    const { level, doc } = now, end = over(), moves = offered(), held = el.shadowRoot.activeElement;
    paintLevels();
    put(title, nav ? "" : doc.title);
    put(goal, doc.goal ?? task(doc));
    paintBoard();
    put(turnOf, end ? end[3] ?? "The run is over." : moves.length > 1 ? "Who goes next?" : moves.length ? "Only one can go:" : "");
    const last = now.steps[now.at - 1]?.who;
    choices.hidden = !moves.length;
    put(choices, moves.map((move, i) => h("button", {
      class: "choice", "aria-disabled": busy || (move.to < 0 && !ask), onclick: () => choose(move),
    }, i < 9 ? h("kbd", UNSAID, i + 1) : null, span("", h("b", {}, level.name(move.who)), h("small", {}, move.says || (ask ? "not recorded: Python runs it" : "not recorded"))), move.who === now.steps[now.at]?.who ? h("em", {}, "next in this run") : move.who === last ? h("em", {}, "went last") : null)));
    usual.hidden = run.hidden = !!end || !moves.length;
    put(run, running ? "Stop" : "Run on to the end");
    run.title = running ? "Stops here, as the key Escape does" : `Goes on as usual to the end: ${USUAL}`;
    again.hidden = now.at <= level.settle([]).length && !now.steps.some(({ free }) => free);
    paintSaid(end);
    paintVerdict(end);
    bar.show(spoken);
    paintOthers();
    paintLog();
    if (held) catchFocus();
  }

  /** The keys go on working when what had the keyboard's focus is gone. */
  function catchFocus() {
    const active = el.shadowRoot.activeElement;
    if (!active || active.closest("[hidden]")) (verdict.hidden ? bar.parts[1] : verdict.querySelector("button")).focus({ preventScroll: true });
  }

  /** What the reader is asked to do, where the author says nothing. */
  function task({ ends }) {
    const right = ends.filter((end) => end[1]).map(([text]) => text), some = right.length && right.length < 4;
    const asked = ends.some((end) => end[1] != null) ? "Can you make it go wrong?" : "How can it end?";
    return `You are the scheduler: you choose who goes next. ${some ? `Right is ${right.join(" or ")}. ` : ""}${asked}`;
  }

  function paintLevels() {
    if (!nav) return;
    const done = (each) => (each.doc.shortest ? each.broken : each.tried);
    put(nav, levels.map((each, i) => h("button", {
      class: "level", "aria-current": each === now ? "true" : null, onclick: () => { bar.pause(); now = each; hush(); keep(); paint(); },
    }, `${i + 1} ${each.doc.title}`, done(each) ? span("done", icon(SHAPE.running, 10), span("unseen", ", done")) : null)));
  }

  function paintBoard() {
    const { level, doc } = now, place = here(), before = level.picture(level.at(now.steps, now.from));
    const cells = level.picture(place), hot = (i) => now.from < now.at && String(before[i]) !== String(cells[i]);
    put(board, doc.rows.map(([kind, name], i) => {
      const { st, why, hand, has, at, box } = level.row(place, i), waits = st === "waits" ? `waits ${why}` : SAID[st];
      const state = st === "ended" && why ? `has ended: ${why}` : waits, said = (text) => h("code", { title: text }, text);
      const mail = [...(hand ? [h("li", { class: "hand" }, h("small", {}, "in hand "), h("code", {}, hand))] : []), ...box.slice(0, MOST_MAIL).map((text) => h("li", {}, h("code", {}, text))),
        ...(box.length > MOST_MAIL ? [h("li", { class: "rest" }, `and ${box.length - MOST_MAIL} more`)] : [])];
      return h("div", { class: "card", "data-st": st, "data-row": name, "data-hot": hot(i) ? 1 : null, role: "group", "aria-label": kind === "table" ? `table ${name}` : name },
        div("name", icon(MARKS[st], 11), " ", h("b", {}, name), span("state", kind === "table" && st === "absent" ? "not there" : state)),
        kind === "table" ? null : div("at", at ? said(at) : ""),
        div("has", has ? said(has) : ""),
        kind === "table" ? null : mail.length ? h("ol", { class: "box", "aria-label": `Mailbox of ${name}` }, mail) : div("box", st === "absent" || st === "ended" ? "" : span("empty", "no mail")));
    }));
  }

  function paintSaid(end) {
    const { level, steps, at, from } = now, first = !from && at && !end && !level.choices(steps, at).length, did = steps.slice(from, at), last = did.slice(-MOST_TOLD);
    const told = (did.length > last.length ? "… " : "") + last.map(({ who, says }) => `${level.name(who)}: ${says}.`).join(" ");
    const next = [...new Set(offered().map(({ who }) => level.name(who)))];
    const end_ = ends && atTheEnd(`This page does not hold what comes when ${level.name(ends.who)} goes here: there are too many schedules.`, live, "Choose another");
    spoken = end_ ? end_.map((part) => part.textContent ?? part).join("") : note || (told && (first ? "Before your first choice: " : "") + told + (at === turn() ? ` ${capital(decided())}.` : "")) || "Nothing has happened yet.";
    caption.setAttribute("aria-live", bar.playing || running ? "off" : "polite");
    put(caption, end_ ?? spoken, end || end_ || note || !next.length ? "" : span("unseen", ` Next: ${list(next)}.`));
  }

  function paintVerdict(end) {
    const { doc, level, steps } = now;
    verdict.hidden = !end;
    if (!end) return put(verdict);
    const [, right, sentence] = end, next = levels[levels.indexOf(now) + 1], text = level.schedule(steps);
    verdict.dataset.right = right;
    put(verdict,
      h("p", {}, icon(right === false ? SHAPE.dead : SHAPE.running, 12), " ", h("b", {}, sentence), " ", measure(right)),
      h("p", {}, "To run these steps again in Python: ", h("code", {}, `replay(${doc.scenario}, "`, h("code", { class: "schedule" }, text), '")')),
      div("row",
        doc.shortest && now.tried && !now.showing ? button("go", showMe, "Show me the shortest way") : null,
        right === false && turn() ? button("again", seeTurn, "See where it was lost") : null,
        button("again", restart, "Try again"),
        next ? button("again", () => { now = next; hush(); keep(); paint(); choices.querySelector("button")?.focus({ preventScroll: true }); }, "Next level") : null));
  }

  /** How good the reader was, in a sentence. */
  function measure(right) {
    const { doc, level, steps } = now, lost = level.lost(steps), best = doc.shortest?.choices;
    if (best === 0) return `It goes wrong whoever goes next. ${doc.headline}`;
    if (right === false && lost !== null) {
      const on = level.turn(steps) ? `${times(lost)}: from there on it ends so, whoever goes next.` : `${times(lost)} or fewer: not all of this run is recorded.`;
      if (now.showing) return `Lost with ${on}`;
      return `Broken in ${on} ${best < lost ? `It can be broken in ${times(best)}.` : doc.whole ? "No way is shorter." : "No shorter way is known."}`;
    }
    if (best !== undefined) return `It can be broken in ${times(best)}. ${doc.headline}`;
    if (doc.safe) return `Nobody can break it. ${doc.headline}`;
    return doc.headline;
  }

  /** After how many steps all was decided, once the reader has tried. */
  function turn() {
    return now.tried ? now.level.turn(now.steps) : 0;
  }

  function decided() { return now.level.fate(now.level.at(now.steps, turn())) === WRONG ? "from here on it is lost" : "from here on it is safe"; }

  function seeTurn() {
    bar.pause();
    bar.go(turn());
    bar.parts[1].focus({ preventScroll: true });
  }

  function paintOthers() {
    const { level } = now, key = String(level.choices(now.steps)), left = now.others.filter((each) => String(level.choices(each)) !== key);
    put(others, "Other runs: ", left.map((steps) =>
      button("fork", () => { bar.pause(); remember(); hush(); Object.assign(now, { steps, at: steps.length, from: 0, showing: false }); keep(); paint(); },
        `${level.schedule(steps)} → ${level.end(level.at(steps))[0]}`)));
    others.hidden = !left.length;
  }

  function paintLog() {
    const { level, steps, at } = now, last = turn();
    put(log, steps.map(({ who, says, free }, i) => h("li", { class: (i === at - 1 ? "now" : i >= at ? "later" : "") + (free ? " free" : "") },
      h("button", { class: "line", tabindex: -1, "aria-current": i === at - 1 ? "step" : null, onclick: () => { bar.pause(); bar.go(i + 1); } },
        h("b", {}, level.name(who)), `: ${says}`, i + 1 === last ? h("em", {}, ` (${decided()})`) : null))));
    const line = log.children[at - 1];
    log.scrollTop = line ? Math.max(0, line.offsetTop - log.clientHeight * 0.6) : 0;
  }

  paint();
  return { choose, get now() { return now; } };
}
