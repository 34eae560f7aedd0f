import { Button, Drawer, NativeSelect, Stack, Title } from "@mantine/core";
import { useState } from "react";
import type { Attempt } from "#components/ui/dialog-form.tsx";
import { Failure, ListSkeleton, Nothing, StaleNotice } from "#components/ui/feedback.tsx";
import { Facts } from "#components/ui/facts.tsx";
import { Instant } from "#components/ui/instant.tsx";
import { Tag } from "#components/ui/tag.tsx";
import { type Role, roleSchema } from "#lib/contracts/actor.ts";
import type { Person, PersonSession } from "#lib/contracts/people.ts";
import { visibleText } from "#lib/view/json-text.ts";
import type { ListState } from "./list-state.ts";
import { ROLES, roleLabel, stateWords, waysIn } from "./words.ts";
import classes from "./people.module.css";

interface PersonActs {
  onRole: (role: Role) => void;
  onDisabled: (disabled: boolean) => void;
  onLink: () => void;
  onEnd: (sessionId: string | null) => void;
}

export interface PersonDrawerProps extends PersonActs {
  /** null = closed. */
  person: Person | null;
  /** Whether it is the reader. */
  self: boolean;
  sessions: ListState<PersonSession>;
  attempt: Attempt;
  nowMs: number | null;
  onClose: () => void;
}

function Sessions({ person, sessions, nowMs, busy, onEnd }: { person: Person; sessions: ListState<PersonSession>; nowMs: number | null; busy: boolean } & Pick<PersonActs, "onEnd">) {
  if (sessions.kind === "loading") return <ListSkeleton label="Loading sessions" rows={2} />;
  if (sessions.kind === "failed") return <Failure title="The sessions could not be read" message={sessions.message} />;
  if (sessions.items.length === 0) return <Nothing title="Signed in nowhere" />;
  return (
    <>
      {sessions.stale && <StaleNotice {...sessions.stale} />}
      <ul className={classes.sessions} aria-label={`Sessions of ${person.name}`}>
        {sessions.items.map((session) => (
          <li key={session.id}>
            <div className={classes.session}>
              <span>
                {visibleText(session.ipAddress ?? "address unknown")} {session.current && <Tag tone="ok">this one</Tag>}
              </span>
              <span className={classes.agent} title={session.userAgent ?? ""}>
                {visibleText(session.userAgent ?? "browser unknown")}
              </span>
              <span className={classes.dim}>
                since <Instant at={session.createdAt} nowMs={nowMs} />, last used <Instant at={session.lastSeenAt} nowMs={nowMs} />
              </span>
            </div>
            <Button size="compact-xs" variant="default" disabled={busy} aria-label={`End the session from ${session.ipAddress ?? "an unknown address"}`} onClick={() => onEnd(session.id)}>
              End
            </Button>
          </li>
        ))}
      </ul>
      <Button size="xs" variant="default" disabled={busy} onClick={() => onEnd(null)}>
        End all sessions
      </Button>
    </>
  );
}

/** What an admin can change of a person. */
function Rights({ person, attempt, onRole, onDisabled, onLink }: { person: Person; attempt: Attempt } & PersonActs) {
  const [role, setRole] = useState(person.role);
  const busy = attempt.kind === "sending";
  return (
    <>
      <div className={classes.role}>
        <NativeSelect
          label="Role"
          description={ROLES.find(({ value }) => value === role)?.meaning}
          value={role}
          data={ROLES.map(({ value, label }) => ({ value, label }))}
          disabled={busy}
          onChange={(event) => setRole(roleSchema.catch(person.role).parse(event.currentTarget.value))}
        />
        <Button disabled={role === person.role} loading={busy} onClick={() => onRole(role)}>
          Change role
        </Button>
      </div>
      <p className={classes.dim}>Another role ends their sessions at once.</p>
      <div className={classes.acts}>
        {person.state !== "disabled" && (
          <Button size="xs" variant="default" disabled={busy} onClick={onLink}>
            {person.hasPassword ? "New password link" : "New invitation link"}
          </Button>
        )}
        {person.state === "disabled" ? (
          <Button size="xs" variant="default" disabled={busy} onClick={() => onDisabled(false)}>
            Let in again
          </Button>
        ) : (
          <Button size="xs" color="red.9" disabled={busy} onClick={() => onDisabled(true)}>
            Disable
          </Button>
        )}
      </div>
    </>
  );
}

/** What the drawer holds. */
export function PersonDetail({ person, self, sessions, nowMs, attempt, ...acts }: Omit<PersonDrawerProps, "onClose"> & { person: Person }) {
  const { label, tone } = stateWords(person);
  return (
    <Stack gap="lg">
      <Facts
        facts={[
          { name: "E-mail", value: visibleText(person.email), copy: person.email },
          { name: "State", value: <Tag tone={tone}>{label}</Tag> },
          ...(person.demo || self ? [{ name: "Role", value: roleLabel(person.role) }] : []),
          { name: "Signs in by", value: waysIn(person) },
          { name: "Last sign-in", value: person.lastSignInAt === null ? "never" : <Instant at={person.lastSignInAt} nowMs={nowMs} as="exact" /> },
          { name: "Added", value: <Instant at={person.createdAt} nowMs={nowMs} as="exact" /> },
          { name: "Added by", value: visibleText(person.createdBy) },
        ]}
      />
      {attempt.kind === "failed" && <Failure title="Nothing is known to be changed" message={attempt.message} />}
      {person.demo && <p className={classes.dim}>A demo person: signs in on this machine without a password, and stays as it is.</p>}
      {self && !person.demo && <p className={classes.dim}>This is you: another admin changes your rights.</p>}
      {!person.demo && !self && <Rights key={`${person.id} ${person.role}`} person={person} attempt={attempt} {...acts} />}
      <section className={classes.part} aria-labelledby="person-sessions">
        <Title order={2} size="h5" id="person-sessions">
          Sessions
        </Title>
        <Sessions person={person} sessions={sessions} nowMs={nowMs} busy={attempt.kind === "sending"} onEnd={acts.onEnd} />
      </section>
    </Stack>
  );
}

/** One person: rights and sessions. */
export function PersonDrawer({ onClose, ...props }: PersonDrawerProps) {
  const { person } = props;
  return (
    <Drawer opened={person !== null} onClose={onClose} position="right" size="md" title={person === null ? "Person" : visibleText(person.name)} closeButtonProps={{ "aria-label": "Close" }}>
      {person && <PersonDetail {...props} person={person} />}
    </Drawer>
  );
}
