import { Button } from "@mantine/core";
import type { ReactNode } from "react";
import { Failure, ListSkeleton, StaleNotice } from "#components/ui/feedback.tsx";
import { Screen } from "#components/ui/screen.tsx";
import { SESSION_LIMITS } from "#lib/contracts/people.ts";
import type { Person } from "#lib/contracts/people.ts";
import { InviteDialog, type InviteDialogProps } from "./invite-dialog.tsx";
import { LinkDialog } from "./link-dialog.tsx";
import type { ListState } from "./list-state.ts";
import { PeopleTable } from "./people-table.tsx";
import { PersonDrawer, type PersonDrawerProps } from "./person-drawer.tsx";

export interface PeopleScreenProps {
  people: ListState<Person>;
  /** The reader's id. */
  self: string | null;
  nowMs: number | null;
  onInvite: () => void;
  onOpen: (id: string) => void;
  onRetry: () => void;
  drawer: PersonDrawerProps;
  invite: InviteDialogProps;
  link: Omit<Parameters<typeof LinkDialog>[0], "nowMs">;
}

function List({ people, self, nowMs, onOpen, onRetry }: PeopleScreenProps): ReactNode {
  if (people.kind === "loading") return <ListSkeleton label="Loading people" />;
  if (people.kind === "failed") return <Failure title="The people could not be read" message={people.message} onRetry={onRetry} />;
  return (
    <>
      {people.stale && <StaleNotice {...people.stale} />}
      <PeopleTable people={people.items} self={self} nowMs={nowMs} onOpen={onOpen} />
    </>
  );
}

/** Who may sign in, and as what. Props only. */
export function PeopleScreen(props: PeopleScreenProps) {
  const { drawer, invite, link, nowMs, onInvite } = props;
  return (
    <>
      <Screen
        title="People"
        words={`Who may sign in, and as what. A session ends after ${SESSION_LIMITS.idleHours} hours without use, and after ${SESSION_LIMITS.absoluteHours / 24} days in any case.`}
        aside={
          <Button onClick={onInvite} disabled={nowMs === null}>
            Invite
          </Button>
        }
      >
        <List {...props} />
      </Screen>
      <PersonDrawer {...drawer} />
      <InviteDialog {...invite} />
      <LinkDialog {...link} nowMs={nowMs} />
    </>
  );
}
