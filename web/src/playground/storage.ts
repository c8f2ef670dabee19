// What the browser remembers for this page: the last text, and the theme. Nothing is sent anywhere.

const PREFIX = "archdsl-playground-";

export function read(name: string): string | null {
  try {
    return localStorage.getItem(PREFIX + name);
  } catch {
    return null; // forbidden by the user's settings
  }
}

export function write(name: string, value: string): void {
  try {
    localStorage.setItem(PREFIX + name, value);
  } catch {
    // Full or forbidden: the page works without.
  }
}
