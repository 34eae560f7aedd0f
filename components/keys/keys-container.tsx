"use client";

import { useState } from "react";
import type { Attempt } from "#components/ui/dialog-form.tsx";
import { useApiKeys, useCreateApiKey, useRevokeApiKey, useRotateApiKey } from "#lib/client/api-keys.ts";
import { useNow } from "#lib/client/use-now.ts";
import { useOpener } from "#lib/client/use-opener.ts";
import type { ApiKey, NewApiKey } from "#lib/contracts/api-keys.ts";
import { KeysScreen } from "./keys-screen.tsx";
import { keyListState } from "./list-state.ts";

type Dialog = { kind: "none" } | { kind: "create" } | { kind: "rotate" | "revoke"; apiKey: ApiKey } | { kind: "made"; made: NewApiKey };

const NONE: Dialog = { kind: "none" };

function attemptOf({ isPending, error }: { isPending: boolean; error: Error | null }): Attempt {
  if (isPending) return { kind: "sending" };
  return error === null ? { kind: "idle" } : { kind: "failed", message: error.message };
}

/** Fetches for the API keys page, and holds which dialog is open. A new key lives in its dialog's state only. */
export function KeysContainer() {
  const nowMs = useNow();
  const list = useApiKeys();
  const [create, rotate, revoke] = [useCreateApiKey(), useRotateApiKey(), useRevokeApiKey()];
  const [dialog, setDialog] = useState<Dialog>(NONE);
  const opener = useOpener();
  const open = (next: Dialog) => {
    if (dialog.kind === "none") opener.remember();
    for (const act of [create, rotate, revoke]) act.reset();
    setDialog(next);
  };
  const close = () => open(NONE);
  const of = (kind: "rotate" | "revoke") => (dialog.kind === kind ? dialog.apiKey : null);
  const show = (made: NewApiKey) => open({ kind: "made", made });
  const [rotating, revoking] = [of("rotate"), of("revoke")];
  return (
    <KeysScreen
      keys={keyListState(list, nowMs)}
      nowMs={nowMs}
      onCreate={() => open({ kind: "create" })}
      onRotate={(apiKey) => open({ kind: "rotate", apiKey })}
      onRevoke={(apiKey) => open({ kind: "revoke", apiKey })}
      onRetry={() => void list.refetch()}
      dialogs={{
        create: { opened: dialog.kind === "create", attempt: attemptOf(create), onConfirm: (request) => create.mutate(request, { onSuccess: show }), onClose: close },
        rotate: {
          apiKey: rotating,
          attempt: attemptOf(rotate),
          onConfirm: (overlapHours) => rotating && rotate.mutate({ id: rotating.id, overlapHours }, { onSuccess: show }),
          onClose: close,
        },
        revoke: { apiKey: revoking, attempt: attemptOf(revoke), onConfirm: () => revoking && revoke.mutate({ id: revoking.id }, { onSuccess: close }), onClose: close },
        made: {
          made: dialog.kind === "made" ? dialog.made : null,
          onDone: () => {
            close();
            opener.giveBack();
          },
        },
      }}
    />
  );
}
