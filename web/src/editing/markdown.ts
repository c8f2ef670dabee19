// The Markdown of hovers as elements. Only what the service writes; everything else stays text, so that a text in a
// link cannot add markup to the page.

const INLINE = /`([^`]+)`|\*\*([^*]+)\*\*|\[([^\]]+)\]\(([^)\s]+)\)/g;
/** A paragraph that is nothing but a link. */
const ONLY_LINK = /^\[[^\]]+\]\([^)\s]+\)$/;
/** The address of the documentation in hovers, as in archdsl/service/layer_pages.py. */
const DOCS = /^https:\/\/archdsl\.invalid\/docs\/([\w/]+?)\/?(#[\w-]+)?$/;

/** Where the page finds the documentation, as `../`; null where there is none, and what links to it stays text. */
let documentation: string | null = null;

export function setDocumentation(address: string): void {
  documentation = address;
}

/** A link to a page of the documentation: `diagnostics.html#e0403`. */
export function docsLink(page: string, ...children: (string | Node)[]): HTMLElement {
  return documentation === null ? element("span", "", ...children) : link(documentation + page, ...children);
}

export function markdown(text: string): HTMLElement {
  const root = element("div", "markdown");
  for (const part of text.split(/\n\n+/)) {
    const fence = /^```\w*\n([^]*?)\n?```$/.exec(part);
    if (documentation === null && ONLY_LINK.test(part.trim())) continue;
    if (fence) root.append(element("pre", "", element("code", "", fence[1])));
    else if (part.trim()) root.append(element("p", "", ...inline(part)));
  }
  return root;
}

function inline(text: string): (string | HTMLElement)[] {
  const found: (string | HTMLElement)[] = [];
  let last = 0;
  for (const match of text.matchAll(INLINE)) {
    found.push(text.slice(last, match.index));
    last = match.index + match[0].length;
    const [, code, bold, label, target] = match;
    const docs = target && DOCS.exec(target);
    if (code) found.push(element("code", "", code));
    else if (bold) found.push(element("b", "", ...inline(bold)));
    else if (docs) found.push(docsLink(`${docs[1]}.html${docs[2] ?? ""}`, ...inline(label)));
    else found.push(...(label ? inline(label) : []));
  }
  return [...found, text.slice(last)];
}

export function link(href: string, ...children: (string | Node)[]): HTMLAnchorElement {
  const made = element("a", "", ...children) as HTMLAnchorElement;
  made.href = href;
  made.target = "_blank";
  made.rel = "noopener";
  return made;
}

export function element(tag: string, name = "", ...children: (string | Node)[]): HTMLElement {
  const made = document.createElement(tag);
  if (name) made.className = name;
  made.append(...children);
  return made;
}

export function button(label: string, onClick: () => void, name = ""): HTMLButtonElement {
  const made = element("button", name, label) as HTMLButtonElement;
  made.type = "button";
  made.addEventListener("click", onClick);
  return made;
}
