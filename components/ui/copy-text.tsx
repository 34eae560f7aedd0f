"use client";

import { ActionIcon, CopyButton } from "@mantine/core";
import { IconCheck, IconCopy } from "@tabler/icons-react";

/** Puts a text on the clipboard. `what` completes "Copy ...". */
export function CopyText({ text, what }: { text: string; what: string }) {
  return (
    <CopyButton value={text} timeout={2_000}>
      {({ copied, copy }) => (
        <ActionIcon variant="subtle" color="gray" size="sm" title={copied ? "Copied" : `Copy ${what}`} aria-label={copied ? `Copied ${what}` : `Copy ${what}`} onClick={copy}>
          {copied ? <IconCheck size={14} color="var(--sp-ok)" aria-hidden /> : <IconCopy size={14} aria-hidden />}
        </ActionIcon>
      )}
    </CopyButton>
  );
}
