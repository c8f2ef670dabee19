// The page of the side panel. Its script, panel.ts, fills it with the diagram and the table of the present text.

/** What the server answers to archdsl.preview. */
export interface Preview {
  table: string;
  svg: string | null;
  error: string | null;
}

/** What the panel shows: one of the diagram's levels of detail, in one of its themes. */
export interface Wanted {
  view: string;
  theme: string;
}

export function escaped(text: string): string {
  return text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;").replace(/"/g, "&quot;");
}

const VIEWS = ["layers", "blocks", "stages", "volumes"];

const STYLE = `
body { background: var(--vscode-editor-background); color: var(--vscode-foreground); padding: 0 12px 12px; }
h1 { font-size: 1.15em; font-weight: 600; margin: 0.7em 0; overflow-wrap: anywhere; }
fieldset { border: 0; display: flex; flex-wrap: wrap; gap: 0.2em 1em; margin: 0 0 0.6em; padding: 0; }
legend { clip-path: inset(50%); height: 1px; overflow: hidden; position: absolute; width: 1px; }
input { accent-color: var(--vscode-button-background); margin: 0 0.3em 0 0; }
#note { border-left: 3px solid var(--vscode-editorWarning-foreground, currentcolor); margin: 0 0 0.6em; padding: 0.2em 0.6em; }
#note:empty { display: none; }
#diagram { max-height: 70vh; overflow: auto; }
#diagram:focus-visible, pre:focus-visible { outline: 1px solid var(--vscode-focusBorder); }
#diagram img { display: block; height: auto; margin: 0 auto; max-width: 100%; }
#diagram.outdated img { opacity: 0.45; }
pre { font-family: var(--vscode-editor-font-family, monospace); font-size: var(--vscode-editor-font-size, 13px); overflow-x: auto; }
`;

/** The page; `script` is the address of its script, `source` where the page may load scripts from. */
export function page(name: string, script: string, source: string): string {
  const views = VIEWS.map((view) => `<label><input type="radio" name="view" value="${view}">${view[0].toUpperCase()}${view.slice(1)}</label>`);
  const policy = `default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src ${source}`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${escaped(policy)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escaped(name)}</title>
<style>${STYLE}</style>
</head>
<body>
<main>
<h1>${escaped(name)}</h1>
<fieldset><legend>Level of detail of the diagram</legend>${views.join("")}</fieldset>
<p id="note" role="status"></p>
<div id="diagram" role="region" aria-label="Diagram" tabindex="0"></div>
<pre id="table" role="region" tabindex="0" aria-label="Table of the layers"></pre>
</main>
<script src="${escaped(script)}"></script>
</body>
</html>`;
}
