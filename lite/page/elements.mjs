// @ts-check
/* Elements of the page, made in one expression. */

/**
 * @template {keyof HTMLElementTagNameMap} Name
 * @param {Name} name
 * @param {Partial<Record<string, any>>} [properties]
 * @param {...(Node | string)} children
 * @returns {HTMLElementTagNameMap[Name]}
 */
export const element = (name, properties = {}, ...children) => {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
};

/**
 * @param {string} textContent
 * @param {string} className
 * @param {(event: MouseEvent) => void} onclick
 * @param {string} [title]
 */
export const button = (textContent, className, onclick, title = "") =>
  element("button", { type: "button", className, textContent, onclick, ...(title && { title }) });

/** A length of time, as a reader sees it. @param {number} ms */
export const seconds = (ms) => `${(ms / 1000).toFixed(ms < 995 ? 2 : 1)} s`;
