/**
 * Return a new element.
 *
 * @param {string} tag
 * @param {object} properties of the element; `data` and `aria` become attributes
 * @param {...(Node|string)} children
 */
export function make(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  const { aria = {}, ...rest } = properties;
  Object.assign(element, rest);
  for (const [name, value] of Object.entries(aria)) {
    element.setAttribute(name === "role" ? name : `aria-${name}`, value);
  }
  element.append(...children);
  return element;
}

/** Return a button; it is never one that submits. */
export function button(text, onclick, properties = {}) {
  return make("button", { type: "button", onclick, ...properties }, text);
}
