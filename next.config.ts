import type { NextConfig } from "next";
import { STATIC_HEADERS } from "./lib/http/security-headers.ts";

export default {
  distDir: process.env.NEXT_DIST_DIR ?? ".next",
  poweredByHeader: false,
  reactStrictMode: true,
  // Nothing here needs images made smaller, and an endpoint that fetches and decodes is one more door.
  images: { unoptimized: true },
  // Types are checked by `npm run check`; a start must not wait for them a second time.
  typescript: { ignoreBuildErrors: true },
  serverExternalPackages: ["pg", "@prisma/client", "@prisma/adapter-pg"],
  experimental: { authInterrupts: true, optimizePackageImports: ["@mantine/core", "@mantine/hooks", "@tabler/icons-react"] },
  // What depends on the running server's environment is set by proxy.ts and lib/http instead: this is read at build time.
  async headers() {
    return [{ source: "/:path*", headers: Object.entries(STATIC_HEADERS).map(([key, value]) => ({ key, value })) }];
  },
  // There is no WebSocket. Next ends a request for one only where it finds a page, and lets any other hang: so all lead to one.
  async rewrites() {
    return { beforeFiles: [{ source: "/:path*", has: [{ type: "header", key: "upgrade" }], destination: "/" }], afterFiles: [], fallback: [] };
  },
} satisfies NextConfig;
