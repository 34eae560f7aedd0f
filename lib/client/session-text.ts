/** All that is kept in the tab begins with this. */
const PREFIX = "spillway.";

/** Ids of people hold no dot, so none is the beginning of another's. */
const prefixOf = (person: string) => `${PREFIX}${person}.`;

/**
 * A text of this tab that must not stand in an address. User ids are personal data: an address ends up in
 * histories that sync to other machines, in bookmarks, in chats and in the logs of proxies, and a fragment
 * escapes only the last. The tab's own storage survives a reload and a move between pages, and ends with the tab.
 * It also survives the session, so each text is its person's: whoever signs in next in this tab reads none of it.
 */
export function sessionText(name: string) {
  const keyOf = (person: string) => `${prefixOf(person)}${name}`;
  return {
    /** @param person id of who is signed in. @returns null where nothing is kept for them or the browser keeps nothing. */
    read(person: string | null): string | null {
      if (person === null) return null;
      try {
        return window.sessionStorage.getItem(keyOf(person));
      } catch {
        return null;
      }
    },
    /** Keeps the text; an empty one forgets it. Where nobody is signed in or the browser keeps nothing, a reload starts empty. */
    write(person: string | null, text: string): void {
      if (person === null) return;
      try {
        if (text === "") window.sessionStorage.removeItem(keyOf(person));
        else window.sessionStorage.setItem(keyOf(person), text);
      } catch {
        // Storage is closed or full: only the reload's comfort is lost.
      }
    },
  };
}

/** Forgets what the tab keeps, but for one person's. @param person null = everybody's. */
export function forgetTab(person: string | null = null): void {
  try {
    const { sessionStorage } = window;
    const keys = Array.from({ length: sessionStorage.length }, (_, index) => sessionStorage.key(index) ?? "");
    for (const key of keys) if (key.startsWith(PREFIX) && (person === null || !key.startsWith(prefixOf(person)))) sessionStorage.removeItem(key);
  } catch {
    // Storage is closed: nothing was kept.
  }
}
