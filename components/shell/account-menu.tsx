"use client";

import { ActionIcon, Button } from "@mantine/core";
import { IconKey, IconLogout, IconUser } from "@tabler/icons-react";
import { useId, useRef, useState } from "react";
import { useChangePassword, useSignOut } from "#lib/client/sign-in.ts";
import { useAlive } from "#lib/client/use-now.ts";
import type { Account } from "#lib/contracts/people.ts";
import { type PasswordAttempt, PasswordDialog } from "./password-dialog.tsx";
import classes from "./app-shell.module.css";

function attemptOf({ isPending, error, data }: ReturnType<typeof useChangePassword>): PasswordAttempt {
  if (isPending) return { kind: "sending" };
  if (data) return { kind: "changed", sessionsEnded: data.sessionsEnded };
  if (!error) return { kind: "idle" };
  return error.code === "wrong_password" ? { kind: "wrong_password" } : { kind: "failed", message: error.message };
}

/** Who is signed in, their own password, and the way out. The popover is the browser's own: Escape and focus are its work. */
export function AccountMenu({ account }: { account: Account }) {
  const id = useId();
  const menu = useRef<HTMLElement>(null);
  const [isChanging, setIsChanging] = useState(false);
  const change = useChangePassword();
  const signOut = useSignOut();
  const alive = useAlive();
  const leaving = signOut.isPending || signOut.isSuccess;

  function openDialog() {
    // Gives the focus back to the button that opened it, to which the dialog then gives it back.
    menu.current?.hidePopover();
    setIsChanging(true);
  }

  function closeDialog() {
    setIsChanging(false);
    // What was typed is forgotten.
    change.reset();
  }

  return (
    <>
      <ActionIcon variant="subtle" color="gray" size="lg" aria-label={`Account of ${account.name}`} popoverTarget={id}>
        <IconUser size={17} stroke={1.6} color="var(--sp-dim)" aria-hidden="true" />
      </ActionIcon>
      <section ref={menu} id={id} popover="auto" aria-label="Account" className={classes.account}>
        <p className={classes.person}>{account.name}</p>
        <p className={classes.email}>{account.email}</p>
        <p className={classes.email}>
          Role: {account.role}
          {account.demo && " (demo)"}
        </p>
        {signOut.error && (
          <p role="alert" className={classes.problem}>
            Still signed in: {signOut.error.message}
          </p>
        )}
        {account.hasPassword && (
          <Button fullWidth size="xs" variant="default" leftSection={<IconKey size={15} aria-hidden />} disabled={!alive} onClick={openDialog}>
            Change password
          </Button>
        )}
        <Button fullWidth size="xs" variant="default" leftSection={<IconLogout size={15} aria-hidden />} disabled={!alive} loading={leaving} onClick={() => signOut.mutate()}>
          Sign out
        </Button>
      </section>
      <PasswordDialog opened={isChanging} email={account.email} attempt={attemptOf(change)} onConfirm={(request) => change.mutate(request)} onClose={closeDialog} />
    </>
  );
}
