// Links that hold a text: `#text/` and the text in UTF-8, compressed with raw deflate, in base64 for addresses.
// scripts/pages/playground.py writes the same links.

/** The most characters of a link's fragment, and of the text in it. */
export const MOST_LINK = 100_000;
export const MOST_TEXT = 200_000;

/** A link that cannot be opened, or a text that does not fit in one; the message is for the user. */
export class LinkError extends Error {}

/** @typedef {{ text: string } | { zoo: string } | null} Shared what a fragment names; null for an empty one */

/**
 * The fragment of a link to a text.
 * @param {string} text
 * @returns {Promise<string>}
 */
export async function toFragment(text) {
  if (text.length > MOST_TEXT) throw new LinkError(`a text of more than ${MOST_TEXT.toLocaleString("en")} characters does not fit in a link`);
  const packed = new Uint8Array(await new Response(stream(new TextEncoder().encode(text), new CompressionStream("deflate-raw"))).arrayBuffer());
  let binary = "";
  for (let i = 0; i < packed.length; i += 0x8000) binary += String.fromCharCode(...packed.subarray(i, i + 0x8000));
  const fragment = `#text/${btoa(binary).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "")}`;
  if (fragment.length > MOST_LINK) throw new LinkError("this text is too long for a link");
  return fragment;
}

/**
 * What the fragment of an address names. Rejects with LinkError, whatever the fragment is.
 * @param {string} fragment
 * @returns {Promise<Shared>}
 */
export async function fromFragment(fragment) {
  if (fragment.length > MOST_LINK) throw new LinkError("the link is longer than any that the playground creates");
  if (fragment === "" || fragment === "#") return null;
  const zoo = /^#zoo:([a-z0-9_]{1,60})$/.exec(fragment);
  if (zoo) return { zoo: zoo[1] };
  const text = /^#text\/([A-Za-z0-9_-]+)$/.exec(fragment);
  if (!text) throw new LinkError("the link contains no text");
  return { text: await unpack(text[1]) };
}

/** @param {string} encoded */
async function unpack(encoded) {
  try {
    const binary = atob(encoded.replaceAll("-", "+").replaceAll("_", "/"));
    const bytes = Uint8Array.from(binary, (each) => each.charCodeAt(0));
    const reader = stream(bytes, new DecompressionStream("deflate-raw")).getReader();
    const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
    let text = "";
    for (;;) {
      const { done, value } = await reader.read();
      text += decoder.decode(value, { stream: !done });
      if (text.length > MOST_TEXT) {
        reader.cancel().catch(() => undefined);
        throw new LinkError(`the text in the link has more than ${MOST_TEXT.toLocaleString("en")} characters`);
      }
      if (done) return text.replaceAll("\r\n", "\n");
    }
  } catch (error) {
    throw error instanceof LinkError ? error : new LinkError("the link is damaged: it was cut off or changed");
  }
}

/**
 * @param {Uint8Array} bytes
 * @param {CompressionStream | DecompressionStream} by
 * @returns {ReadableStream<Uint8Array>}
 */
function stream(bytes, by) {
  return new Blob([/** @type {any} */ (bytes)]).stream().pipeThrough(/** @type {any} */ (by));
}
