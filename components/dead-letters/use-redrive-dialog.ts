import { useState } from "react";
import { v4 as uuidv4 } from "uuid";
import type { ApiError } from "#lib/client/api-error.ts";
import { useRedrive } from "#lib/client/dead-letters.ts";
import { type DeadLetter, redriveRefusalSchema } from "#lib/contracts/dead-letters.ts";
import type { RedriveAttempt, RedriveDialogProps } from "./redrive-dialog.tsx";
import { inSendOrder } from "./selection.ts";

/** The selection as it was frozen when the dialog opened, under the id of its run. */
interface Frozen {
  runId: string;
  deaths: DeadLetter[];
}

function attemptOf({ isPending, error }: { isPending: boolean; error: Error | null }): RedriveAttempt {
  if (isPending) return { kind: "sending" };
  if (error === null) return { kind: "idle" };
  const refused = redriveRefusalSchema.array().min(1).safeParse((error as Partial<ApiError>).problem?.refused);
  return refused.success ? { kind: "refused", refused: refused.data } : { kind: "failed", message: error.message };
}

/**
 * The dialog's state. The run's id is made when it opens: a second click or a repeat after a lost answer asks for
 * the same run. Another selection is another run.
 */
export function useRedriveDialog(onCreated: (runId: string) => void): { dialog: RedriveDialogProps; open: (deaths: readonly DeadLetter[]) => void } {
  const [frozen, setFrozen] = useState<Frozen | null>(null);
  const redrive = useRedrive();
  const freeze = (deaths: readonly DeadLetter[]) => {
    redrive.reset();
    setFrozen(deaths.length === 0 ? null : { runId: uuidv4(), deaths: inSendOrder(deaths) });
  };
  return {
    open: freeze,
    dialog: {
      deaths: frozen?.deaths ?? null,
      attempt: attemptOf(redrive),
      onConfirm: (reason) => {
        if (!frozen) return;
        redrive.mutate(
          { runId: frozen.runId, deathIds: frozen.deaths.map(({ id }) => id), reason },
          {
            onSuccess: () => {
              setFrozen(null);
              onCreated(frozen.runId);
            },
          },
        );
      },
      onDrop: (dropped) => freeze(frozen?.deaths.filter(({ id }) => !dropped.includes(id)) ?? []),
      onClose: () => setFrozen(null),
    },
  };
}
