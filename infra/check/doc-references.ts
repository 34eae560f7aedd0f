/** One thing that a document says exists. */
export interface Reference {
  kind: "path" | "script";
  name: string;
  /** 1-based. */
  line: number;
}

/** Folders at the top of the repository: a word in code marks that starts with one names a path of ours. */
const OUR_FOLDERS = new Set([".ci", "app", "components", "docs", "e2e", "infra", "lib", "prisma", "public", "public-api", "worker"]);
const NPM_RUN = /\bnpm run ([a-z][a-z0-9:-]*)/g;
const NPM_SHORT = /\bnpm (start|test)\b/g;
const CODE = /`([^`]+)`/g;
const LINK = /!?\[[^\]]*\]\(([^)\s]+)[^)]*\)/g;
const ELSEWHERE = /^([a-z][a-z+.-]*:|\/\/|#)/i;

/** The part of a pattern that can be looked up: `lib/local/**` stands for `lib/local`. */
function beforeWildcard(path: string): string {
  const parts = path.split("/");
  const wild = parts.findIndex((part) => /[*{}<>[\]]|\.\.\./.test(part));
  return (wild < 0 ? parts : parts.slice(0, wild)).join("/");
}

function ourPath(word: string): string | null {
  const path = word.replace(/^\.\//, "").replace(/[.,;:]+$/, "").replace(/:\d+$/, "");
  const folder = path.split("/")[0] ?? "";
  if (!path.includes("/") || !OUR_FOLDERS.has(folder)) return null;
  return beforeWildcard(path.replace(/\/+$/, ""));
}

/**
 * Finds every path of the repository and every npm script that a Markdown text names: in code marks and code blocks,
 * and as the target of a link.
 * @param folder the document's own, `""` for the top: links are relative to it.
 */
export function references(text: string, folder = ""): Reference[] {
  const found: Reference[] = [];
  let fenced = false;
  for (const [index, content] of text.split("\n").entries()) {
    const line = index + 1;
    if (/^\s*(```|~~~)/.test(content)) {
      fenced = !fenced;
      continue;
    }
    for (const pattern of [NPM_RUN, NPM_SHORT]) {
      for (const match of content.matchAll(pattern)) found.push({ kind: "script", name: match[1] ?? "", line });
    }
    const code = fenced ? [content] : [...content.matchAll(CODE)].map((match) => match[1] ?? "");
    for (const word of code.flatMap((part) => part.split(/[\s"'(),|]+/))) {
      const path = ourPath(word);
      if (path !== null) found.push({ kind: "path", name: path, line });
    }
    if (fenced) continue;
    for (const match of content.matchAll(LINK)) {
      const target = match[1] ?? "";
      if (ELSEWHERE.test(target)) continue;
      found.push({ kind: "path", name: relativeTo(folder, target.split("#")[0] ?? ""), line });
    }
  }
  return found;
}

function relativeTo(folder: string, target: string): string {
  const parts = target.startsWith("/") || folder === "" ? [] : folder.split("/");
  for (const part of target.split("/")) {
    if (part === "..") parts.pop();
    else if (part !== "." && part !== "") parts.push(part);
  }
  return parts.join("/");
}
