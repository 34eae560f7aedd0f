import { readFile } from "node:fs/promises";

/** A fenced block of a document. */
export interface Example {
  document: string;
  /** 1-based, of its first line. */
  line: number;
  /** Such as `sh`, and what it runs in where the language does not tell: `js node`, `html page`, `js page`. */
  language: string;
  text: string;
  /** The block of JSON that follows it before the next heading: what the text claims the answer to be. */
  answer: string | null;
}

/** The fenced blocks of a document, in order. */
export async function examplesOf(document: string): Promise<Example[]> {
  const examples: Example[] = [];
  let open: { line: number; language: string; lines: string[] } | null = null;
  let last: Example | null = null;
  for (const [index, line] of (await readFile(document, "utf8")).split("\n").entries()) {
    if (open) {
      if (line !== "```") {
        open.lines.push(line);
        continue;
      }
      const text = open.lines.join("\n");
      if (open.language === "json" && last) last.answer ??= text;
      else if (open.language !== "json") examples.push((last = { document, line: open.line, language: open.language, text, answer: null }));
      open = null;
    } else if (line.startsWith("```")) open = { line: index + 2, language: line.slice(3).trim(), lines: [] };
    else if (line.startsWith("#")) last = null;
  }
  return examples;
}

/** What stands in the examples for what every start has of its own. */
const PLACES = { url: "http://127.0.0.1:3001", elsewhere: "https://activities.example", key: "sw_live_..." };

/** The example at another address and with a key, and with nothing else changed. */
export function placed(text: string, { url, apiKey }: { url: string; apiKey: string }): string {
  return text.replaceAll(PLACES.url, url).replaceAll(PLACES.elsewhere, url).replaceAll(PLACES.key, apiKey);
}
