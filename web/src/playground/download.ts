// Files for the user, made in the page.

export function save(name: string, data: Blob): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(data);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

/** The largest width and height of a PNG: browsers make no larger canvas. */
const MOST = 8192;

/** An SVG as a PNG at twice its size, as `archdsl diagram` does by default; less if it would be too large. */
export async function toPng(svg: string): Promise<Blob> {
  const image = new Image();
  image.src = URL.createObjectURL(new Blob([svg], { type: "image/svg+xml" }));
  try {
    await image.decode();
    const scale = Math.min(2, MOST / image.width, MOST / image.height);
    const canvas = document.createElement("canvas");
    canvas.width = Math.round(image.width * scale);
    canvas.height = Math.round(image.height * scale);
    canvas.getContext("2d")!.drawImage(image, 0, 0, canvas.width, canvas.height);
    return await new Promise((resolve, reject) => canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error("the diagram is too large for a PNG"))), "image/png"));
  } finally {
    URL.revokeObjectURL(image.src);
  }
}
