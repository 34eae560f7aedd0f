"use client";

import { useRouter, useSearchParams } from "next/navigation";
import { useState } from "react";
import { useAccount, useMay } from "#lib/client/account.tsx";
import { searchedUser } from "#lib/client/activities.ts";
import { type DeadLetterFilter, filteredUser, useDeadLetter, useDeadLetters, useFailing, useReceipt, useRedriveRuns, useReveal } from "#lib/client/dead-letters.ts";
import { useAlive, useNow } from "#lib/client/use-now.ts";
import { DeadLettersScreen } from "./dead-letters-screen.tsx";
import { detailState, ledgerState, receiptState, sideList } from "./query-states.ts";
import { rowsBetween, type Selection, stillSelectable, withRows } from "./selection.ts";
import { useRedriveDialog } from "./use-redrive-dialog.ts";
import { addressOfView, type DeadLettersView, readView } from "./view-state.ts";

const NOTHING: Selection = new Map();

/** The view as the address holds it; each change is a step that the browser's Back undoes. */
function useView(): [DeadLettersView, (change: Partial<DeadLettersView>) => void] {
  const view = readView(useSearchParams());
  return [view, (change) => window.history.pushState(null, "", addressOfView({ ...view, ...change }))];
}

function DeadLettersBrowser({ initialUser }: { initialUser: string }) {
  const nowMs = useNow();
  const person = useAccount()?.id ?? null;
  const router = useRouter();
  const mayAct = useMay("dead_letters:act");
  const mayReveal = useMay("dead_letters:reveal");
  const reveal = useReveal();
  const maySearch = useMay("activity:search");
  const [view, setView] = useView();
  const [user, setUser] = useState(initialUser);
  // Cursors of the pages passed on the way to this one; the last is this page's.
  const [cursors, setCursors] = useState<string[]>([]);
  const [selection, setSelection] = useState<Selection>(NOTHING);
  const [lastChosen, setLastChosen] = useState<string | null>(null);

  const cursor = cursors.at(-1);
  const filter: DeadLetterFilter = { ...(view.status !== "all" && { status: view.status }), ...(user !== "" && { user }), ...(cursor !== undefined && { cursor }) };
  const list = useDeadLetters(filter);
  const detail = useDeadLetter(view.death);
  const receipt = useReceipt(view.run);
  const failing = useFailing();
  const runs = useRedriveRuns();

  const items = list.data?.items ?? [];
  const chosen = stillSelectable(selection, items);
  const here = new Set(items.map(({ id }) => id));
  const openDeath = (id: string) => setView({ death: id });
  const openRun = (id: string) => setView({ run: id, death: null });
  const startOver = () => {
    setCursors([]);
    // A selection that can no longer be seen would redrive more than meant.
    setSelection(NOTHING);
  };
  const { dialog, open } = useRedriveDialog((runId) => {
    setSelection(NOTHING);
    openRun(runId);
    window.scrollTo({ top: 0 });
  });

  return (
    <DeadLettersScreen
      ledger={ledgerState(list, nowMs)}
      toolbar={{
        status: view.status,
        user,
        disabled: nowMs === null,
        selected: { count: chosen.length, elsewhere: chosen.filter(({ id }) => !here.has(id)).length },
        onStatus: (status) => {
          startOver();
          setView({ status });
        },
        onUser: (next) => {
          startOver();
          filteredUser.write(person, next);
          setUser(next);
        },
        onRedrive: mayAct ? () => open(chosen) : null,
        onClear: () => setSelection(NOTHING),
      }}
      table={{
        selected: mayAct ? new Set(chosen.map(({ id }) => id)) : null,
        onSelect: (id, isChosen, range) => {
          setSelection(withRows(selection, rowsBetween(items, range ? lastChosen : null, id), isChosen));
          setLastChosen(id);
        },
        onSelectAll: (isChosen) => setSelection(withRows(selection, items, isChosen)),
        onOpen: openDeath,
      }}
      pager={{
        page: cursors.length + 1,
        onNewer: () => setCursors(cursors.slice(0, -1)),
        onOlder: () => {
          const next = list.data?.nextCursor ?? null;
          if (next !== null && !list.isPlaceholderData) setCursors([...cursors, next]);
        },
      }}
      run={
        view.run === null
          ? null
          : {
              runId: view.run,
              state: receiptState(receipt, nowMs),
              nowMs,
              onOpenDeath: openDeath,
              onRetry: () => void receipt.refetch(),
              onClose: () => setView({ run: null }),
            }
      }
      failing={sideList(failing, nowMs)}
      runs={sideList(runs, nowMs)}
      drawer={{
        state: view.death === null ? null : detailState(detail),
        nowMs,
        onRedrive: mayAct
          ? (death) => {
              setView({ death: null });
              open([death]);
            }
          : null,
        onReveal: mayReveal ? reveal : null,
        onOpenDeath: openDeath,
        onOpenRun: openRun,
        onOpenUser: maySearch
          ? (userId) => {
              searchedUser.write(person, userId);
              router.push("/activity");
            }
          : null,
        onRetry: () => void detail.refetch(),
        onClose: () => setView({ death: null }),
      }}
      dialog={dialog}
      nowMs={nowMs}
      onRetry={() => void list.refetch()}
    />
  );
}

/** Fetches for the dead letters page. The user filtered by is known only in the browser. */
export function DeadLettersContainer() {
  const alive = useAlive();
  const person = useAccount()?.id ?? null;
  return <DeadLettersBrowser key={alive ? "alive" : "before"} initialUser={alive ? (filteredUser.read(person) ?? "") : ""} />;
}
