/* A page that a search result leads to: the words that were searched for are marked, and the page begins where they stand.
 *
 * Sphinx would wrap each of them in an element, in code and labs too, and leave the reader at the top of the page. So its
 * words are taken before it looks for them; the marks here change nothing in the page. Escape takes them away.
 */
(() => {
  "use strict";

  const WORDS = "sphinx_highlight_terms", OPENED = "search:opened", BLOCKS = "h1, h2, h3, h4, p, li, dt, dd, td, pre";
  const APART = "script, style, svg, .otp-lab, details:not([open]) > :not(summary)"; // a closed fold stays closed
  const plain = (address) => address.split("#")[0];
  const store = (work) => { try { return work(localStorage); } catch { return null; } }; // a browser that keeps nothing

  /** On the search page: remember which result the reader opens. */
  const watch = (results) => {
    const opens = ({ target }) => {
      const link = target.closest("a");
      if (link) store((kept) => kept.setItem(OPENED, JSON.stringify([plain(link.href), kept.getItem(WORDS) ?? ""])));
    };
    results.addEventListener("click", opens);
    results.addEventListener("auxclick", opens);
  };

  /** The words that led to this page, once. */
  const wordsHere = () => {
    const [page, words] = JSON.parse(store((kept) => kept.getItem(OPENED)) ?? "[]");
    if (page !== plain(location.href)) return [];
    store((kept) => kept.removeItem(OPENED));
    return words.toLowerCase().split(/\s+/).filter(Boolean);
  };

  /** Where the words stand in the article, as ranges. */
  const places = (article, words) => {
    const found = [], texts = document.createTreeWalker(article, NodeFilter.SHOW_TEXT);
    while (texts.nextNode()) {
      const node = texts.currentNode, text = node.data.toLowerCase();
      if (node.parentElement.closest("script, style, svg, .otp-lab")) continue;
      for (const word of words) {
        for (let at = text.indexOf(word); at >= 0; at = text.indexOf(word, at + word.length)) {
          const range = new Range();
          range.setStart(node, at);
          range.setEnd(node, at + word.length);
          found.push(range);
        }
      }
    }
    return found;
  };

  /** The first of the visible blocks that hold most of the words. */
  const best = (article, words) => {
    let most = 0, first = null;
    for (const block of article.querySelectorAll(BLOCKS)) {
      if (block.closest(APART)) continue;
      const text = block.textContent.toLowerCase(), held = words.filter((word) => text.includes(word)).length;
      if (held > most) [most, first] = [held, block];
    }
    return first;
  };

  const start = () => {
    const results = document.getElementById("search-results"), article = document.querySelector("article.bd-article");
    if (results) return watch(results);
    const words = article ? wordsHere() : [];
    if (!words.length) return;
    const found = places(article, words), block = best(article, words);
    if (window.Highlight) {
      CSS.highlights.set("found", new Highlight(...found));
      document.addEventListener("keydown", ({ key }) => { if (key === "Escape") CSS.highlights.delete("found"); });
    }
    const first = found.find((range) => block?.contains(range.startContainer))?.startContainer.parentElement ?? block;
    if (!location.hash) first?.scrollIntoView({ block: "center" });
  };

  if (!/\/search(\.html)?$/.test(location.pathname)) store((kept) => kept.removeItem(WORDS));
  // When all is in its place: what a script draws above would push the words away.
  if (document.readyState === "complete") start();
  else window.addEventListener("load", start);
})();
