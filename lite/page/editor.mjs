// @ts-check
/* The editor of a cell: CodeMirror with what a cell needs, in the colours that Pygments gave the page. */
import { EditorState, Prec } from "@codemirror/state";
import { Decoration, EditorView, MatchDecorator, ViewPlugin, keymap, drawSelection } from "@codemirror/view";
import { defaultKeymap, history, historyKeymap, indentMore, indentLess } from "@codemirror/commands";
import { LanguageSupport, bracketMatching, indentOnInput, indentUnit, syntaxHighlighting, syntaxTree } from "@codemirror/language";
import { pythonLanguage } from "@codemirror/lang-python";
import { tagHighlighter, tags } from "@lezer/highlight";

/** @typedef {import("@codemirror/view").Command} Command */

/* The classes of Pygments: a theme that has them needs no second one for the editor. */
const colours = tagHighlighter([
  { tag: tags.keyword, class: "k" }, { tag: tags.controlKeyword, class: "k" }, { tag: tags.definitionKeyword, class: "k" },
  { tag: tags.moduleKeyword, class: "kn" }, { tag: tags.operatorKeyword, class: "ow" },
  { tag: [tags.bool, tags.null], class: "kc" }, { tag: tags.self, class: "bp" },
  { tag: tags.string, class: "s2" }, { tag: tags.special(tags.string), class: "s2" }, { tag: tags.escape, class: "se" },
  { tag: tags.number, class: "mf" }, { tag: tags.comment, class: "c1" },
  { tag: tags.definition(tags.className), class: "nc" },
  { tag: tags.function(tags.definition(tags.variableName)), class: "nf" },
  { tag: tags.meta, class: "nd" }, { tag: [tags.operator, tags.compareOperator, tags.arithmeticOperator], class: "o" },
  { tag: tags.punctuation, class: "p" },
]);

/* Names that Pygments colours and the grammar of Python does not know: builtins, and self. */
const KNOWN = /\b(?:self|cls|print|len|range|sorted|list|dict|set|tuple|str|int|float|bool|bytes|object|type|super|isinstance|enumerate|zip|map|filter|any|all|sum|min|max|abs|round|repr|iter|next|getattr|setattr|hasattr|open|input|id|hash|property|staticmethod|classmethod|[A-Z]\w*Error|Exception|StopIteration)\b/g;
const marks = { self: Decoration.mark({ class: "bp" }), error: Decoration.mark({ class: "ne" }), other: Decoration.mark({ class: "nb" }) };
/** @param {string} name */
const mark = (name) => (/^(self|cls)$/.test(name) ? marks.self : /^[A-Z]/.test(name) ? marks.error : marks.other);
const matcher = new MatchDecorator({
  regexp: KNOWN,
  decorate: (add, from, to, [name], view) => {
    const node = syntaxTree(view.state).resolveInner(from, 1).name;
    if (/^(VariableName|self|print)$/.test(node)) add(from, to, mark(name));
  },
});
const known = ViewPlugin.fromClass(class {
  /** @param {EditorView} view */
  constructor(view) { this.marks = matcher.createDeco(view); }

  /** @param {import("@codemirror/view").ViewUpdate} update */
  update(update) { this.marks = matcher.updateDeco(update, this.marks); }
}, { decorations: (plugin) => plugin.marks });

/**
 * @typedef {object} Editor
 * @property {() => void} focus
 * @property {(x: number, y: number) => void} at  put the cursor there
 * @property {(text: string) => void} set
 */

/**
 * @param {HTMLElement} parent
 * @param {{doc: string, label: string, changed: (text: string) => void, run: () => void, leave: () => void}} page
 * @returns {Editor}
 */
export const editor = (parent, { doc, label, changed, run, leave }) => {
  let mine = false; // Tab indents once the reader works here; before that it goes on, as everywhere
  const work = () => { mine = true; return false; };
  /** @param {Command} command @returns {Command} */
  const tab = (command) => (view) => mine && command(view);
  /** @type {Command} */
  const indent = (view) => {
    const { from, empty } = view.state.selection.main;
    const line = view.state.doc.lineAt(from);
    if (!empty || !line.text.slice(0, from - line.from).trim()) return indentMore(view);
    view.dispatch(view.state.replaceSelection("    "));
    return true;
  };
  /** @param {() => void} does */
  const key = (does) => () => { does(); return true; };
  const keys = [
    { key: "Shift-Enter", run: key(run) },
    { key: "Mod-Enter", run: key(run) },
    { key: "Escape", run: key(() => { mine = false; leave(); }) },
    { key: "Tab", run: tab(indent), shift: tab(indentLess) },
  ];
  const view = new EditorView({
    parent,
    state: EditorState.create({
      doc,
      extensions: [
        Prec.highest(keymap.of(keys)), keymap.of([...defaultKeymap, ...historyKeymap]),
        history(), drawSelection(), indentOnInput(), bracketMatching(), indentUnit.of("    "),
        new LanguageSupport(pythonLanguage), syntaxHighlighting(colours), Prec.high(known), // the inner span of two decides
        EditorView.contentAttributes.of({ "aria-label": label, autocapitalize: "off", autocorrect: "off", spellcheck: "false" }),
        EditorView.domEventHandlers({ mousedown: work, touchstart: work, blur: () => { mine = false; return false; } }),
        EditorView.updateListener.of((update) => {
          if (!update.docChanged) return;
          mine = true;
          changed(update.state.doc.toString());
        }),
      ],
    }),
  });
  return {
    focus: () => view.focus(),
    at: (x, y) => view.dispatch({ selection: { anchor: view.posAtCoords({ x, y }, false) } }),
    set: (text) => view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: text } }),
  };
};
