import { Drawer, Stack, Title } from "@mantine/core";
import { type Fact, Facts } from "#components/ui/facts.tsx";
import { Failure, ListSkeleton, Nothing } from "#components/ui/feedback.tsx";
import { Instant } from "#components/ui/instant.tsx";
import { TextBlock } from "#components/ui/text-block.tsx";
import type { AuditAct, AuditLink } from "#lib/contracts/audit.ts";
import { duration } from "#lib/view/instants.ts";
import { jsonChanges } from "#lib/view/json-changes.ts";
import { visibleText } from "#lib/view/json-text.ts";
import { Outcome } from "./acts-table.tsx";
import { actionWords } from "./view-state.ts";
import { fieldWords, outcomeWords } from "./words.ts";
import classes from "./audit.module.css";

export type ActState = { kind: "loading" } | { kind: "failed"; message: string } | { kind: "act"; act: AuditAct } | { kind: "none" };

function Changes({ act }: { act: AuditAct }) {
  if (act.before === null || act.after === null) return null;
  const changes = jsonChanges(act.before, act.after);
  return (
    <section aria-labelledby="changes-title">
      <Title order={3} size="h5" id="changes-title" mb={6}>
        Before and after
      </Title>
      {changes.length === 0 ? (
        <p className={classes.dim}>Nothing is another than before.</p>
      ) : (
        <table className={classes.changes}>
          <thead>
            <tr>
              <th scope="col">Field</th>
              <th scope="col">Before</th>
              <th scope="col">After</th>
            </tr>
          </thead>
          <tbody>
            {changes.map(({ name, from, to }) => (
              <tr key={name}>
                <th scope="row">{visibleText(fieldWords(name))}</th>
                <td className="mono">{from === null ? "–" : visibleText(from)}</td>
                <td className="mono">{to === null ? "–" : visibleText(to)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </section>
  );
}

function linkFacts(name: string, link: AuditLink): Fact[] {
  return [
    { name: `${name} row`, value: link.seq },
    { name: `${name} hash`, value: <span className={`${classes.hash} mono`}>{link.hash}</span>, copy: `${link.seq}:${link.hash}` },
  ];
}

/** All that is known of one act. */
export function ActDetail({ act, nowMs }: { act: AuditAct; nowMs: number | null }) {
  const { meaning } = outcomeWords(act, nowMs);
  const { first, outcome } = act.links;
  return (
    <Stack gap="lg">
      <div className={classes.summary} data-tone={outcomeWords(act, nowMs).tone}>
        <div className={classes.summaryHead}>
          <strong>{actionWords(act.action)}</strong>
          <Outcome act={act} nowMs={nowMs} />
        </div>
        <p>{act.error === null ? meaning : visibleText(act.error)}</p>
      </div>
      <Facts
        facts={[
          { name: "Who", value: visibleText(act.actor.name) },
          { name: "E-mail", value: act.actor.email === null ? null : visibleText(act.actor.email) },
          { name: "Id", value: <span className="mono">{visibleText(act.actor.id)}</span>, copy: act.actor.id },
          { name: "Role then", value: visibleText(act.actor.role) },
          { name: "On", value: act.target === null ? null : visibleText(act.target), ...(act.target !== null && { copy: act.target }) },
          { name: "Reason", value: act.reason === null ? null : visibleText(act.reason) },
          { name: "Begun", value: <Instant at={act.at} nowMs={nowMs} as="exact" /> },
          {
            name: "Ended",
            value:
              act.endedAt === null ? null : (
                <>
                  <Instant at={act.endedAt} nowMs={nowMs} as="exact" /> <span className={classes.dim}>after {duration(Math.max(0, Date.parse(act.endedAt) - Date.parse(act.at)))}</span>
                </>
              ),
          },
        ]}
      />
      <Changes act={act} />
      {act.asked !== null && <TextBlock label="Asked for" text={act.asked} />}
      {act.before !== null && <TextBlock label="Before" text={act.before} />}
      {act.after !== null && <TextBlock label="After" text={act.after} />}
      <section aria-labelledby="chain-title">
        <Title order={3} size="h5" id="chain-title" mb={6}>
          In the chain
        </Title>
        <Facts facts={[{ name: "Act id", value: <span className="mono">{act.id}</span>, copy: act.id }, ...linkFacts("First", first), ...(outcome === null ? [] : linkFacts("Outcome", outcome))]} />
      </section>
    </Stack>
  );
}

export interface ActDrawerProps {
  /** Null = closed. */
  state: ActState | null;
  nowMs: number | null;
  onRetry: () => void;
  onClose: () => void;
}

/** Details of one act. */
export function ActDrawer({ state, nowMs, onRetry, onClose }: ActDrawerProps) {
  return (
    <Drawer opened={state !== null} onClose={onClose} position="right" size="lg" title="Audited act" closeButtonProps={{ "aria-label": "Close" }}>
      {state?.kind === "loading" && <ListSkeleton label="Loading the act" rows={8} />}
      {state?.kind === "failed" && <Failure title="The act could not be read" message={state.message} onRetry={onRetry} />}
      {state?.kind === "none" && <Nothing title="There is no such act in the log">The link may be of another deployment.</Nothing>}
      {state?.kind === "act" && <ActDetail act={state.act} nowMs={nowMs} />}
    </Drawer>
  );
}
