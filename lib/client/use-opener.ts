"use client";

import { useRef } from "react";

/**
 * What had the focus before the first of several dialogs that follow each other. A dialog gives the focus back to what
 * had it when it opened, and for a later one that is gone with the dialog before it: whoever uses the keyboard would
 * begin at the top of the page again.
 */
export function useOpener(): { remember: () => void; giveBack: () => void } {
  const opener = useRef<HTMLElement | null>(null);
  return {
    remember: () => {
      opener.current = document.activeElement instanceof HTMLElement ? document.activeElement : null;
    },
    giveBack: () => opener.current?.focus({ preventScroll: true }),
  };
}
