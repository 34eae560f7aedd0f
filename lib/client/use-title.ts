"use client";

import { useEffect } from "react";

/** Keeps the tab's title; the next page sets its own. */
export function useTitle(title: string): void {
  // At each render: a title that the router streams in late would stay otherwise.
  useEffect(() => {
    if (document.title !== title) document.title = title;
  });
}
