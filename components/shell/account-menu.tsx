"use client";

import { ActionIcon, Button } from "@mantine/core";
import { IconLogout, IconUser } from "@tabler/icons-react";
import { useId } from "react";
import { useSignOut } from "#lib/client/sign-in.ts";
import { useAlive } from "#lib/client/use-now.ts";
import type { Account } from "#lib/contracts/people.ts";
import classes from "./app-shell.module.css";

/** Who is signed in, and the way out. The popover is the browser's own: Escape and focus are its work. */
export function AccountMenu({ account }: { account: Account }) {
  const id = useId();
  const signOut = useSignOut();
  const alive = useAlive();
  const leaving = signOut.isPending || signOut.isSuccess;
  return (
    <>
      <ActionIcon variant="subtle" color="gray" size="lg" aria-label={`Account of ${account.name}`} popoverTarget={id}>
        <IconUser size={17} stroke={1.6} color="var(--sp-dim)" aria-hidden="true" />
      </ActionIcon>
      <section id={id} popover="auto" aria-label="Account" className={classes.account}>
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
        <Button fullWidth size="xs" variant="default" leftSection={<IconLogout size={15} aria-hidden />} disabled={!alive} loading={leaving} onClick={() => signOut.mutate()}>
          Sign out
        </Button>
      </section>
    </>
  );
}
