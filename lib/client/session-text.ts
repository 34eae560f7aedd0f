/**
 * A text of this tab that must not stand in an address. User ids are personal data: an address ends up in
 * histories that sync to other machines, in bookmarks, in chats and in the logs of proxies, and a fragment
 * escapes only the last. The tab's own storage survives a reload and a move between pages, and ends with the tab.
 */
export function sessionText(name: string) {
  const key = `spillway.${name}`;
  return {
    /** @returns null where nothing is kept or the browser keeps nothing. */
    read(): string | null {
      try {
        return window.sessionStorage.getItem(key);
      } catch {
        return null;
      }
    },
    /** Keeps the text; an empty one forgets it. Where the browser keeps nothing, a reload starts empty. */
    write(text: string): void {
      try {
        if (text === "") window.sessionStorage.removeItem(key);
        else window.sessionStorage.setItem(key, text);
      } catch {
        // Storage is closed or full: only the reload's comfort is lost.
      }
    },
  };
}
