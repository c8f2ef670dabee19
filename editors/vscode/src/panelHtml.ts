// The page of the side panel: the diagram and the table of the present text.

export interface Preview {
  table: string;
  svg: string | null;
  error: string | null;
}

export function escaped(text: string): string {
  return text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;").replace(/"/g, "&quot;");
}

/** The diagram as an image: in one, SVG runs no scripts and loads nothing. */
export function image(svg: string): string {
  const data = Buffer.from(svg, "utf8").toString("base64");
  return `<img alt="diagram of the network" src="data:image/svg+xml;base64,${data}">`;
}

export function page(name: string, preview: Preview): string {
  const diagram = preview.svg === null ? "" : image(preview.svg);
  const note = preview.error === null ? "" : `<p role="status">${escaped(preview.error)}</p>`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escaped(name)}</title>
<style>
body { color: var(--vscode-foreground); background: var(--vscode-editor-background); }
pre { overflow-x: auto; font-family: var(--vscode-editor-font-family); }
img { max-width: 100%; background: white; border-radius: 4px; }
</style>
</head>
<body>
<h1>${escaped(name)}</h1>
${note}
${diagram}
<pre tabindex="0" aria-label="table of the layers">${escaped(preview.table)}</pre>
</body>
</html>`;
}
