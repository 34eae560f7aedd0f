import { List, NativeSelect } from "@mantine/core";
import { useState } from "react";
import { type Attempt, DialogForm, FormDialog } from "#components/ui/dialog-form.tsx";
import type { ApiKey } from "#lib/contracts/api-keys.ts";
import { duration } from "#lib/view/instants.ts";
import { visibleText } from "#lib/view/json-text.ts";
import { OVERLAPS, USUAL_OVERLAP_HOURS } from "./words.ts";
import classes from "./keys.module.css";

export interface RotateKeyDialogProps {
  /** null = closed. */
  apiKey: ApiKey | null;
  attempt: Attempt;
  onConfirm: (overlapHours: number | null) => void;
  onClose: () => void;
}

function lifetimeWords({ createdAt, expiresAt }: ApiKey): string {
  return expiresAt === null ? "never expires" : `expires in ${duration(Date.parse(expiresAt) - Date.parse(createdAt))}`;
}

/** What the dialog holds. */
export function RotateKeyForm({ apiKey, attempt, onConfirm, onClose }: RotateKeyDialogProps & { apiKey: ApiKey }) {
  const [hours, setHours] = useState<number | null>(USUAL_OVERLAP_HOURS);
  return (
    <DialogForm attempt={attempt} failed="The key is not known to be rotated" act="Rotate key" onClose={onClose} onSubmit={() => onConfirm(hours)}>
      <p className={classes.lead}>
        A second key named <strong>{visibleText(apiKey.name)}</strong> is made. Both open until the old one (<span className="mono">{apiKey.id}</span>) ends, so that the producer can change
        over without a pause.
      </p>
      <List size="sm" spacing={4}>
        <List.Item>The new key has the same scopes ({apiKey.scopes.join(", ")}) and {lifetimeWords(apiKey)}.</List.Item>
        <List.Item>Last used tells here when the old one is no longer needed.</List.Item>
      </List>
      <NativeSelect
        label="The old key ends"
        value={hours ?? ""}
        data={OVERLAPS.map((overlap) => ({ value: String(overlap.hours ?? ""), label: overlap.label }))}
        data-autofocus
        onChange={(event) => setHours(event.currentTarget.value === "" ? null : Number(event.currentTarget.value))}
      />
    </DialogForm>
  );
}

/** Asks before a key is rotated, and how long the old one goes on. */
export function RotateKeyDialog(props: RotateKeyDialogProps) {
  return (
    <FormDialog opened={props.apiKey !== null} onClose={props.onClose} title="Rotate an API key">
      {props.apiKey && <RotateKeyForm {...props} apiKey={props.apiKey} />}
    </FormDialog>
  );
}
