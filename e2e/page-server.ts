import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { stripTypeScriptTypes } from "node:module";
import type { AddressInfo } from "node:net";
import { join } from "node:path";

export interface PageServer {
  /** An origin of its own, unlike the API's and the dashboard's. */
  origin: string;
  /** Serves this page at `/`. */
  show(html: string): void;
  close(): void;
}

/** Serves a page, and beside it the scripts of a folder; TypeScript without its types, which is all that browsers lack for it. */
export async function servePages(folder: string): Promise<PageServer> {
  let page = "";
  const server = createServer((request, response) => {
    const name = (request.url ?? "/").slice(1);
    const answer = async () => {
      if (name === "") return response.writeHead(200, { "Content-Type": "text/html; charset=utf-8" }).end(page);
      // Asked for by browsers without anybody's doing.
      if (name === "favicon.ico") return response.writeHead(204).end();
      if (!/^[a-z-]+\.(?:ts|js)$/.test(name)) return response.writeHead(404).end();
      const text = await readFile(join(folder, name), "utf8");
      return response.writeHead(200, { "Content-Type": "text/javascript; charset=utf-8" }).end(name.endsWith(".ts") ? stripTypeScriptTypes(text) : text);
    };
    answer().catch(() => response.writeHead(500).end());
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    show: (html) => {
      page = html;
    },
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}
