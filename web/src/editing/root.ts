// Where the elements are: a page, or the shadow tree of a widget, of which a page may have several.

export type Root = Document | ShadowRoot;

/** The element with an id. */
export const byId = <T extends HTMLElement = HTMLElement>(root: Root, id: string) => root.getElementById(id) as T;
