import { Button, Group, Modal, PasswordInput, Stack } from "@mantine/core";
import { type SyntheticEvent, useEffect, useRef, useState } from "react";
import { Failure } from "#components/ui/feedback.tsx";
import { type ChangePasswordRequest, PASSWORD_CHARACTERS } from "#lib/contracts/people.ts";
import classes from "./app-shell.module.css";

/** How a change of one's own password stands. */
export type PasswordAttempt =
  | { kind: "idle" }
  | { kind: "sending" }
  | { kind: "wrong_password" }
  | { kind: "failed"; message: string }
  /** @param sessionsEnded the person's others. */
  | { kind: "changed"; sessionsEnded: number };

export interface PasswordDialogProps {
  opened: boolean;
  /** Whose it is, for the browser's own store of passwords. */
  email: string;
  attempt: PasswordAttempt;
  onConfirm: (request: ChangePasswordRequest) => void;
  onClose: () => void;
}

const ended = (sessions: number) => (sessions === 0 ? "You were signed in nowhere else." : `You were signed out of ${sessions} other ${sessions === 1 ? "session" : "sessions"}.`);

function Changed({ sessionsEnded, onClose }: { sessionsEnded: number; onClose: () => void }) {
  const close = useRef<HTMLButtonElement>(null);
  // The button that was pressed is gone: the keyboard goes on from here.
  useEffect(() => close.current?.focus(), []);
  return (
    <Stack gap="md">
      <output className={classes.lead}>
        <strong>Your password is changed.</strong> {ended(sessionsEnded)}
      </output>
      <Group justify="flex-end">
        <Button ref={close} onClick={onClose}>
          Close
        </Button>
      </Group>
    </Stack>
  );
}

/** What the dialog holds. */
export function PasswordForm({ email, attempt, onConfirm, onClose }: Omit<PasswordDialogProps, "opened">) {
  const [current, setCurrent] = useState("");
  const [next, setNext] = useState("");
  const [asked, setAsked] = useState(false);
  /** What was refused: said until it is typed over. */
  const [refused, setRefused] = useState<string | null>(null);
  const currentField = useRef<HTMLInputElement>(null);
  useEffect(() => {
    if (attempt.kind === "wrong_password") currentField.current?.focus();
  }, [attempt.kind]);
  if (attempt.kind === "changed") return <Changed sessionsEnded={attempt.sessionsEnded} onClose={onClose} />;

  const currentFault = current === "" ? "Type the password you have now." : null;
  const isWrong = attempt.kind === "wrong_password" && current === refused;
  const shortFault = next.length < PASSWORD_CHARACTERS.least ? `At least ${PASSWORD_CHARACTERS.least} characters: a few words are easy to remember.` : null;
  const nextFault = shortFault ?? (next === current ? "This is the password you have now." : null);

  function submit(event: SyntheticEvent) {
    event.preventDefault();
    setAsked(true);
    if (currentFault !== null || nextFault !== null || attempt.kind === "sending") return;
    setRefused(current);
    onConfirm({ current, next });
  }

  return (
    <form method="post" noValidate aria-label="Change your password" onSubmit={submit}>
      <Stack gap="md">
        <p className={classes.lead}>You stay signed in here, and are signed out everywhere else.</p>
        <input type="text" name="username" autoComplete="username" value={email} readOnly hidden />
        <PasswordInput
          ref={currentField}
          label="Current password"
          name="current"
          autoComplete="current-password"
          required
          withAsterisk={false}
          maxLength={1_000}
          data-autofocus
          value={current}
          error={isWrong ? "This is not your password." : asked ? currentFault : null}
          visibilityToggleButtonProps={{ "aria-label": "Show the current password", tabIndex: 0 }}
          onChange={(event) => setCurrent(event.currentTarget.value)}
        />
        <PasswordInput
          label="New password"
          description={`At least ${PASSWORD_CHARACTERS.least} characters`}
          name="next"
          autoComplete="new-password"
          required
          withAsterisk={false}
          maxLength={PASSWORD_CHARACTERS.most}
          value={next}
          error={asked ? nextFault : null}
          visibilityToggleButtonProps={{ "aria-label": "Show the new password", tabIndex: 0 }}
          onChange={(event) => setNext(event.currentTarget.value)}
        />
        {attempt.kind === "failed" && <Failure title="The password is not known to be changed" message={attempt.message} />}
        <Group justify="flex-end" gap="xs">
          <Button type="button" variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button type="submit" loading={attempt.kind === "sending"}>
            Change password
          </Button>
        </Group>
      </Stack>
    </form>
  );
}

/** Asks a person for their current password and the next one. */
export function PasswordDialog({ opened, ...form }: PasswordDialogProps) {
  return (
    <Modal opened={opened} onClose={form.onClose} title="Change your password" centered closeButtonProps={{ "aria-label": "Close the dialog" }}>
      {opened && <PasswordForm {...form} />}
    </Modal>
  );
}
