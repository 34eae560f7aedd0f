"use client";

import "./globals.css";

const FRAME = { maxWidth: "36rem", margin: "12vh auto 0", padding: 24, fontFamily: "system-ui, sans-serif" };

/** The last resort, when not even the header can be drawn: no theme, no library. */
export default function GlobalError({ retry }: { error: unknown; retry: () => void }) {
  return (
    <html lang="en">
      <head>
        <title>Not shown · Spillway</title>
        <meta name="color-scheme" content="light dark" />
      </head>
      <body style={{ background: "Canvas", color: "CanvasText" }}>
        <main style={FRAME}>
          <h1>The dashboard could not be shown</h1>
          <p>Accepting and draining go on without it.</p>
          <button type="button" onClick={() => retry()}>
            Try again
          </button>
        </main>
      </body>
    </html>
  );
}
