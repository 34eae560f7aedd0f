import { Button, Title } from "@mantine/core";
import type { ReactNode } from "react";
import { Failure, ListSkeleton, Nothing, StaleNotice } from "#components/ui/feedback.tsx";
import { Screen } from "#components/ui/screen.tsx";
import type { ApiKey } from "#lib/contracts/api-keys.ts";
import { CreateKeyDialog, type CreateKeyDialogProps } from "./create-key-dialog.tsx";
import { KeysTable } from "./keys-table.tsx";
import type { KeyListState } from "./list-state.ts";
import { NewKeyDialog } from "./new-key-dialog.tsx";
import { RevokeKeyDialog, type RevokeKeyDialogProps } from "./revoke-key-dialog.tsx";
import { RotateKeyDialog, type RotateKeyDialogProps } from "./rotate-key-dialog.tsx";
import { replacedIds } from "./words.ts";
import classes from "./keys.module.css";

export interface KeysScreenProps {
  keys: KeyListState;
  nowMs: number | null;
  onCreate: () => void;
  onRotate: (key: ApiKey) => void;
  onRevoke: (key: ApiKey) => void;
  onRetry: () => void;
  dialogs: {
    create: CreateKeyDialogProps;
    rotate: RotateKeyDialogProps;
    revoke: Omit<RevokeKeyDialogProps, "nowMs">;
    made: Parameters<typeof NewKeyDialog>[0];
  };
}

function Lists({ keys, nowMs, onRotate, onRevoke, onRetry }: KeysScreenProps): ReactNode {
  if (keys.kind === "loading") return <ListSkeleton label="Loading API keys" />;
  if (keys.kind === "failed") return <Failure title="The API keys could not be read" message={keys.message} onRetry={onRetry} />;
  const { list, stale } = keys;
  const live = list.items.filter(({ state }) => state === "live");
  const ended = list.items.filter(({ state }) => state !== "live");
  const replaced = replacedIds(list.items);
  return (
    <>
      {stale && <StaleNotice age={stale.age} message={stale.message} />}
      {live.length === 0 ? (
        <Nothing title="No live keys">
          <p>Without one nobody can send activities.</p>
        </Nothing>
      ) : (
        <KeysTable label="Live API keys" items={live} replaced={replaced} nowMs={nowMs} acts={{ onRotate, onRevoke }} />
      )}
      {ended.length > 0 && (
        <section className={classes.ended} aria-labelledby="ended-keys">
          <Title order={2} size="h5" id="ended-keys">
            Ended
          </Title>
          <KeysTable label="Ended API keys" items={ended} replaced={replaced} nowMs={nowMs} acts={null} />
          {list.moreEnded && <p className={classes.dim}>The latest {ended.length} are listed; the audit log has all.</p>}
        </section>
      )}
    </>
  );
}

/** Keys of the public API: who has which, and the acts on them. Props only. */
export function KeysScreen(props: KeysScreenProps) {
  const { dialogs, nowMs, onCreate } = props;
  return (
    <>
      <Screen
        title="API keys"
        words="Whoever sends or reads activities does so with a key of their own. It is shown once; a revoked one is refused within 30 seconds."
        aside={
          <Button onClick={onCreate} disabled={nowMs === null}>
            Create key
          </Button>
        }
      >
        <Lists {...props} />
      </Screen>
      <CreateKeyDialog {...dialogs.create} />
      <RotateKeyDialog {...dialogs.rotate} />
      <RevokeKeyDialog {...dialogs.revoke} nowMs={nowMs} />
      <NewKeyDialog {...dialogs.made} />
    </>
  );
}
