/** The page's elements by id, and new ones. The only file that asks for the browser's types: all of the page has them. */
/// <reference lib="dom" />

/** An element that page.html has. */
export function byId<E extends HTMLElement = HTMLElement>(id: string): E {
  const found = document.getElementById(id);
  if (found === null) throw new Error(`page.html has no #${id}`);
  return found as E;
}

type Attributes = Readonly<Record<string, string>>;

/** Text stays text: nothing given here becomes markup. */
export function make<K extends keyof HTMLElementTagNameMap>(
  name: K,
  attributes: Attributes = {},
  ...children: (Node | string)[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.append(...children);
  return element;
}
