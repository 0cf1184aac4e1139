/** Where the browser wallet's key is kept. */
const STORAGE_KEY = "fallow.browser_key";

export function readBrowserKey(): string | null {
  return localStorage.getItem(STORAGE_KEY);
}

export function writeBrowserKey(key: string): void {
  localStorage.setItem(STORAGE_KEY, key);
}
