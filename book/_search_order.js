/* The order of what a search finds. Sphinx puts this file behind its search tools (html_search_scorer), on the search page.
 *
 * Sphinx finds a title only if the query is half as long as the title, and it asks for no more than whether a page has the
 * words. Here every title that holds all words of the query is found, and leads to its section. Chapters come first, then the
 * other pages, then the reference; titles come before full text, and of the chapters the one that has most of a word.
 */
;(() => { // what stands before it in that file ends without a semicolon
  "use strict";

  const CHAPTER = "notebooks/", REFERENCE = "book/api";
  // Of one kind before all of the next: a chapter's title, its sections, sections of other pages, text of each. The reference is last.
  const KIND = { page: 6000, section: 5000, other: 4000, chapter: 3000, text: 2000, reference: 0 };
  const EXERCISE = /^(Drill|Repair|Design|Quiz|Summary)\b/; // a section that teaches comes before one that asks

  const stemmer = new Stemmer(), stem = (word) => stemmer.stemWord(word);
  const escaped = (text) => text.replace(/&/g, "&amp;").replace(/</g, "&lt;");
  const stems = (text) => splitQuery(text.toLowerCase()).map(stem);
  const telling = (words) => words.filter((word) => !stopwords.includes(word));
  let asked = [], phrase = ""; // the stems of the query's words, and the query as it stands

  /** Which part of the query a title holds, and which part of the title the query is: 0 to 1 each. */
  const fit = (title) => {
    const has = new Set(stems(title)), held = asked.filter((word) => has.has(word)).length;
    return [held / (asked.length || 1), held / Math.max(has.size, 1)];
  };

  /** The titles of sections and pages that hold all words, as Sphinx's results. */
  const titled = () => {
    const { alltitles, titles, docnames, filenames } = Search._index, found = [];
    for (const [title, places] of Object.entries(alltitles)) {
      if (fit(title)[0] < 1) continue;
      for (const [page, id] of places) {
        if (id === null && titles[page] !== title) continue; // no place to lead to
        const name = titles[page] === title ? title : `${titles[page]} > ${title}`;
        found.push([docnames[page], escaped(name), id === null ? "" : `#${id}`, null, 0, filenames[page]]);
      }
    }
    return found;
  };

  /** How much a page is about the words: its title and the sections that name one count, and how much of them it has. */
  const about = (page) => {
    const { alltitles, titles, docnames } = Search._index, at = docnames.indexOf(page);
    const sections = Object.entries(alltitles).filter(([, places]) => places.some(([here]) => here === at));
    const named = sections.reduce((sum, [title]) => sum + fit(title)[0], 0);
    const chapter = page.slice(CHAPTER.length).slice(0, 2); // otpShares: of a word's places, the part in each chapter (search_order.py)
    const share = asked.reduce((sum, word) => sum + (otpShares[word]?.[chapter] ?? 0), 0);
    return Math.min(450, 200 * fit(titles[at])[0] + 20 * named) + 450 * share / (asked.length || 1);
  };

  Scorer.score = ([page, title, anchor, description]) => {
    if (page === REFERENCE || description) return KIND.reference + (anchor ? 0 : 1);
    const own = title.split(" > ").at(-1), [whole, share] = fit(own), chapter = page.startsWith(CHAPTER);
    const first = -Search._index.docnames.indexOf(page) / 100; // of two that are as good: the one that comes first in the book
    if (whole < 1) return (chapter ? KIND.chapter : KIND.text) + about(page) + first;
    const at = own.toLowerCase().replace(/^(an?|the) /, "").indexOf(phrase); // a title begins with what it is about
    const good = 300 * share + (at < 0 ? 0 : at > 0 ? 300 : 600) + first;
    if (!chapter) return KIND.other + good;
    return anchor ? KIND.section + good - (EXERCISE.test(own) ? 950 : 0) : KIND.page + good;
  };

  const { _parseQuery, performTermsSearch } = Search;
  Search._parseQuery = (text) => {
    phrase = text.toLowerCase().trim();
    asked = telling(splitQuery(phrase)).map(stem);
    return _parseQuery(text);
  };
  Search.performTermsSearch = (...terms) => [...titled(), ...performTermsSearch(...terms)];
})();
