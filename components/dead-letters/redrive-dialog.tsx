import { Button, Group, List, Modal, Stack, Textarea } from "@mantine/core";
import { useState } from "react";
import { Failure, Warning } from "#components/ui/feedback.tsx";
import type { DeadLetter, RedriveRefusal } from "#lib/contracts/dead-letters.ts";
import { deadLetters, nameOf, REASONS, REFUSALS } from "./words.ts";
import classes from "./dead-letters.module.css";

/** Reasons that a redrive alone does not cure. */
const WILL_BOUNCE: ReadonlySet<DeadLetter["reason"]> = new Set(["malformed", "rejected_by_table"]);
/** Longest reason taken (the contract's bound). */
const REASON_CHARACTERS = 500;
const REFUSED_SHOWN = 5;

export type RedriveAttempt = { kind: "idle" } | { kind: "sending" } | { kind: "failed"; message: string } | { kind: "refused"; refused: readonly RedriveRefusal[] };

export interface RedriveDialogProps {
  /** The frozen selection; null = closed. */
  deaths: readonly DeadLetter[] | null;
  attempt: RedriveAttempt;
  onConfirm: (reason: string) => void;
  /** Leaves out what was refused and stays open. */
  onDrop: (deathIds: readonly string[]) => void;
  onClose: () => void;
}

function Refused({ deaths, refused, onDrop }: { deaths: readonly DeadLetter[]; refused: readonly RedriveRefusal[]; onDrop: RedriveDialogProps["onDrop"] }) {
  const names = new Map(deaths.map((death) => [death.id, nameOf(death)]));
  return (
    <div role="alert" className={classes.refused}>
      <p>
        Nothing was redriven: {refused.length} of {deaths.length} cannot go.
      </p>
      <ul>
        {refused.slice(0, REFUSED_SHOWN).map(({ deathId, why }) => (
          <li key={deathId}>
            <span className="mono">{names.get(deathId) ?? deathId}</span>: {REFUSALS[why]}
          </li>
        ))}
        {refused.length > REFUSED_SHOWN && <li>and {refused.length - REFUSED_SHOWN} more</li>}
      </ul>
      {refused.length < deaths.length && (
        <Button size="xs" variant="default" onClick={() => onDrop(refused.map(({ deathId }) => deathId))}>
          Leave {refused.length === 1 ? "it" : `these ${refused.length}`} out
        </Button>
      )}
    </div>
  );
}

/** What the dialog holds. */
export function RedriveForm({ deaths, attempt, onConfirm, onDrop, onClose }: RedriveDialogProps & { deaths: readonly DeadLetter[] }) {
  const [reason, setReason] = useState("");
  const [missing, setMissing] = useState(false);
  const count = deaths.length;
  const users = new Set(deaths.map((death) => death.userId ?? death.id)).size;
  const doomed = deaths.filter((death) => WILL_BOUNCE.has(death.reason));
  return (
    <form
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        setMissing(reason.trim() === "");
        if (reason.trim() !== "") onConfirm(reason.trim());
      }}
    >
      <Stack gap="md">
        <p className={classes.lead}>
          <strong>{deadLetters(count)}</strong> of {users === 1 ? "one user" : `${users} users`} will be sent to the main queue again, with {count === 1 ? "its" : "their"} original{" "}
          {count === 1 ? "body" : "bodies"}.
        </p>
        <List size="sm" spacing={4}>
          <List.Item>Each goes to the back of its user’s queue, behind newer activities of that user.</List.Item>
          <List.Item>Each may fail and die again. It then bounces, and the new death is listed with its own reason.</List.Item>
          <List.Item>A redrive counts as done when the activity is stored in the table.</List.Item>
        </List>
        {doomed.length > 0 && (
          <Warning>
            {doomed.length === count ? (count === 1 ? "It" : `All ${count}`) : `${doomed.length} of ${count}`} died of “
            {[...new Set(doomed.map((death) => REASONS[death.reason].label))].join("” or “")}”. The same body will most likely bounce, unless the cause was fixed.
          </Warning>
        )}
        <Textarea
          label="Reason"
          description="Stands on the receipt, for those who ask later."
          value={reason}
          error={missing && reason.trim() === "" ? "Say why." : null}
          maxLength={REASON_CHARACTERS}
          required
          withAsterisk={false}
          autosize
          minRows={2}
          data-autofocus
          onChange={(event) => setReason(event.currentTarget.value)}
        />
        {attempt.kind === "failed" && <Failure title="The redrive was not confirmed" message={`${attempt.message} Pressing again is safe: it stays the same run.`} />}
        {attempt.kind === "refused" && <Refused deaths={deaths} refused={attempt.refused} onDrop={onDrop} />}
        <Group justify="flex-end" gap="xs">
          <Button type="button" variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button type="submit" loading={attempt.kind === "sending"}>{`Redrive ${count}`}</Button>
        </Group>
      </Stack>
    </form>
  );
}

/** Asks before a redrive: how many, what happens, and why. */
export function RedriveDialog(props: RedriveDialogProps) {
  return (
    <Modal opened={props.deaths !== null} onClose={props.onClose} title="Redrive dead letters" centered size="lg" closeButtonProps={{ "aria-label": "Close" }}>
      {props.deaths && <RedriveForm {...props} deaths={props.deaths} />}
    </Modal>
  );
}
