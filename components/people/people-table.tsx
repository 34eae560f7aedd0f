import { Anchor } from "@mantine/core";
import { Instant } from "#components/ui/instant.tsx";
import { type RecordColumn, RecordTable } from "#components/ui/record-table.tsx";
import { Tag } from "#components/ui/tag.tsx";
import type { Person } from "#lib/contracts/people.ts";
import { visibleText } from "#lib/view/json-text.ts";
import { roleLabel, stateWords } from "./words.ts";
import classes from "./people.module.css";

const COLUMNS = [
  { key: "name", header: "Name", bare: true },
  { key: "email", header: "E-mail" },
  { key: "role", header: "Role", width: "8rem" },
  { key: "state", header: "State", width: "12rem" },
  { key: "seen", header: "Last sign-in", width: "10rem" },
  { key: "sessions", header: "Sessions", width: "6rem", numeric: true },
] as const satisfies readonly RecordColumn<string>[];

/** Everybody, one a row; the name opens the person. */
export function PeopleTable({ people, self, nowMs, onOpen }: { people: readonly Person[]; self: string | null; nowMs: number | null; onOpen: (id: string) => void }) {
  const rows = people.map((person) => {
    const { label, tone } = stateWords(person);
    return {
      key: person.id,
      cells: {
        name: (
          <Anchor component="button" type="button" className={classes.name ?? ""} aria-label={`Manage ${person.name}`} onClick={() => onOpen(person.id)}>
            {visibleText(person.name)}
            {person.id === self && <span className={classes.dim}> (you)</span>}
          </Anchor>
        ),
        email: <span title={person.email}>{visibleText(person.email)}</span>,
        role: roleLabel(person.role),
        state: <Tag tone={tone}>{label}</Tag>,
        seen: person.lastSignInAt === null ? <span className={classes.dim}>never</span> : <Instant at={person.lastSignInAt} nowMs={nowMs} />,
        sessions: person.sessions,
      },
    };
  });
  return <RecordTable label="People" columns={COLUMNS} rows={rows} />;
}
