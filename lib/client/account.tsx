"use client";

import { createContext, type ReactNode, useContext, useEffect } from "react";
import { forgetTab } from "#lib/client/session-text.ts";
import type { Permission } from "#lib/contracts/actor.ts";
import type { Account } from "#lib/contracts/people.ts";

const AccountContext = createContext<Account | null>(null);

/** Tells every part of the page who is signed in. What the tab keeps of anybody else is forgotten. */
export function AccountProvider({ account, children }: { account: Account | null; children: ReactNode }) {
  const person = account?.id ?? null;
  useEffect(() => forgetTab(person), [person]);
  return <AccountContext value={account}>{children}</AccountContext>;
}

/** Who is signed in; null on the pages before that. */
export function useAccount(): Account | null {
  return useContext(AccountContext);
}

/** Whether the reader may do something, to leave out what would be refused. The server asks again. */
export function useMay(permission: Permission): boolean {
  return useContext(AccountContext)?.may.includes(permission) ?? false;
}
