"use client";

import { useState } from "react";
import type { Attempt } from "#components/ui/dialog-form.tsx";
import { useAccount } from "#lib/client/account.tsx";
import { useEndSessions, useInvite, useNewLink, usePeople, usePersonSessions, useSetDisabled, useSetRole } from "#lib/client/people.ts";
import { useNow } from "#lib/client/use-now.ts";
import { useOpener } from "#lib/client/use-opener.ts";
import type { LinkAnswer } from "#lib/contracts/people.ts";
import { listState } from "./list-state.ts";
import { PeopleScreen } from "./people-screen.tsx";

type Dialog = { kind: "none" } | { kind: "invite" } | { kind: "person"; id: string } | { kind: "link"; made: LinkAnswer };

const NONE: Dialog = { kind: "none" };

/** How several acts stand that are never under way together. */
function attemptOf(acts: readonly { isPending: boolean; error: Error | null; submittedAt: number }[]): Attempt {
  if (acts.some(({ isPending }) => isPending)) return { kind: "sending" };
  const [latest] = acts.toSorted((a, b) => b.submittedAt - a.submittedAt);
  return latest?.error ? { kind: "failed", message: latest.error.message } : { kind: "idle" };
}

/** Fetches for the people page, and holds what is open. A new link lives in its dialog's state only. */
export function PeopleContainer() {
  const nowMs = useNow();
  const self = useAccount()?.id ?? null;
  const people = usePeople();
  const [dialog, setDialog] = useState<Dialog>(NONE);
  const openId = dialog.kind === "person" ? dialog.id : null;
  const sessions = usePersonSessions(openId);
  const invite = useInvite();
  const [link, role, disabled, end] = [useNewLink(), useSetRole(), useSetDisabled(), useEndSessions()];
  const ofPerson = [link, role, disabled, end];
  const opener = useOpener();
  const open = (next: Dialog) => {
    if (dialog.kind === "none") opener.remember();
    for (const act of [invite, ...ofPerson]) act.reset();
    setDialog(next);
  };
  const close = () => open(NONE);
  const show = (made: LinkAnswer) => open({ kind: "link", made });
  const person = people.data?.items.find(({ id }) => id === openId) ?? null;
  const of = <T,>(act: (id: string) => T) => (openId === null ? undefined : act(openId));

  return (
    <PeopleScreen
      people={listState(people, nowMs)}
      self={self}
      nowMs={nowMs}
      onInvite={() => open({ kind: "invite" })}
      onOpen={(id) => open({ kind: "person", id })}
      onRetry={() => void people.refetch()}
      drawer={{
        person,
        self: person !== null && person.id === self,
        sessions: listState(sessions, nowMs),
        attempt: attemptOf(ofPerson),
        nowMs,
        onRole: (next) => of((id) => role.mutate({ id, role: next })),
        onDisabled: (next) => of((id) => disabled.mutate({ id, disabled: next })),
        onLink: () => of((id) => link.mutate({ id }, { onSuccess: show })),
        onEnd: (sessionId) => of((id) => end.mutate({ id, sessionId })),
        onClose: close,
      }}
      invite={{ opened: dialog.kind === "invite", attempt: attemptOf([invite]), onConfirm: (request) => invite.mutate(request, { onSuccess: show }), onClose: close }}
      link={{
        made: dialog.kind === "link" ? dialog.made : null,
        onDone: () => {
          close();
          opener.giveBack();
        },
      }}
    />
  );
}
