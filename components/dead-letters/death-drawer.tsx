import { Anchor, Button, Drawer, Stack, Title } from "@mantine/core";
import { Failure, ListSkeleton } from "#components/ui/feedback.tsx";
import { type Fact, Facts } from "#components/ui/facts.tsx";
import { Instant } from "#components/ui/instant.tsx";
import type { DeadLetterDetail } from "#lib/contracts/dead-letters.ts";
import { duration } from "#lib/view/instants.ts";
import { visibleText } from "#lib/view/json-text.ts";
import { DeathBody } from "./death-body.tsx";
import { Status } from "./dead-letters-table.tsx";
import { isSelectable } from "./selection.ts";
import { REASONS } from "./words.ts";
import classes from "./dead-letters.module.css";

export type DetailState = { kind: "loading" } | { kind: "failed"; message: string } | { kind: "detail"; detail: DeadLetterDetail };

interface Actions {
  nowMs: number | null;
  /** Null = not for the reader's role; so are the next and the last. */
  onRedrive: ((detail: DeadLetterDetail) => void) | null;
  /** Fetches the body. */
  onReveal: ((id: string) => Promise<string>) | null;
  onOpenDeath: (id: string) => void;
  onOpenRun: (id: string) => void;
  onOpenUser: ((userId: string) => void) | null;
}

export interface DeathDrawerProps extends Actions {
  /** Null = closed. */
  state: DetailState | null;
  onRetry: () => void;
  onClose: () => void;
}

function known(text: string | null): Pick<Fact, "value" | "copy"> {
  return text === null ? { value: <span className={classes.dim}>unknown: the body does not tell</span> } : { value: visibleText(text), copy: text };
}

function times(detail: DeadLetterDetail, nowMs: number | null): Fact[] {
  const at = (name: string, time: string | null): Fact => ({
    name,
    value:
      time === null ? null : (
        <>
          <Instant at={time} nowMs={nowMs} as="exact" /> <span className={classes.age}>{nowMs !== null && <Instant at={time} nowMs={nowMs} />}</span>
        </>
      ),
  });
  return [
    at("Occurred", detail.occurredAt),
    at("Sent to the queue", detail.sentAt),
    at("First failed", detail.firstFailedAt),
    at("Last failed", detail.lastFailedAt),
    at("Died", detail.diedAt),
    ...(detail.sentAt === null ? [] : [{ name: "Lived", value: `${duration(Date.parse(detail.diedAt) - Date.parse(detail.sentAt))} from sent to died` }]),
    at("Resolved", detail.resolvedAt),
  ];
}

function History({ detail, nowMs }: { detail: DeadLetterDetail; nowMs: number | null }) {
  if (detail.history.length === 0) return <p className={classes.dim}>No attempt was recorded: it died without being handled.</p>;
  return (
    <ol className={classes.history} aria-label="Attempts">
      {detail.history.map((attempt, position) => (
        <li key={`${attempt.at} ${attempt.worker}`}>
          <div className={classes.attemptHead}>
            <strong>Attempt {position + 1}</strong>
            <Instant at={attempt.at} nowMs={nowMs} as="exact" />
            <span className={classes.dim}>{visibleText(attempt.worker)}</span>
          </div>
          <p className={classes.attemptError}>{visibleText(attempt.error)}</p>
        </li>
      ))}
    </ol>
  );
}

function Relations({ detail, onOpenDeath, onOpenRun }: { detail: DeadLetterDetail } & Pick<Actions, "onOpenDeath" | "onOpenRun">) {
  const { redrive, redrivenFrom } = detail;
  if (redrive === null && redrivenFrom === null) return null;
  const bounced = redrive?.bouncedDeathId ?? null;
  return (
    <p className={classes.relations}>
      {redrivenFrom !== null && (
        <Anchor component="button" type="button" size="sm" onClick={() => onOpenDeath(redrivenFrom)}>
          The death it was redriven from
        </Anchor>
      )}
      {redrive !== null && (
        <Anchor component="button" type="button" size="sm" onClick={() => onOpenRun(redrive.runId)}>
          Its latest redrive run
        </Anchor>
      )}
      {bounced !== null && (
        <Anchor component="button" type="button" size="sm" onClick={() => onOpenDeath(bounced)}>
          The new death it bounced into
        </Anchor>
      )}
    </p>
  );
}

/** What the drawer holds. */
export function DeathDetail({ detail, ...actions }: { detail: DeadLetterDetail } & Actions) {
  const { nowMs, onRedrive, onOpenUser } = actions;
  const reason = REASONS[detail.reason];
  return (
    <Stack gap="lg">
      <div className={classes.cause}>
        <div className={classes.causeHead}>
          <strong>{reason.label}</strong>
          <Status death={detail} />
        </div>
        <p className={classes.causeError}>{visibleText(detail.error)}</p>
        <p className={classes.dim}>{reason.meaning}</p>
      </div>
      <div className={classes.actions}>
        {isSelectable(detail) && onRedrive !== null && (
          <Button size="xs" onClick={() => onRedrive(detail)}>
            Redrive this one
          </Button>
        )}
        {detail.userId !== null && onOpenUser !== null && (
          <Button size="xs" variant="default" onClick={() => onOpenUser(detail.userId ?? "")}>
            Activities of this user
          </Button>
        )}
      </div>
      <Relations detail={detail} onOpenDeath={actions.onOpenDeath} onOpenRun={actions.onOpenRun} />
      <Facts
        facts={[
          { name: "Activity id", ...known(detail.activityId) },
          { name: "User id", ...known(detail.userId) },
          { name: "Type", ...known(detail.type) },
          { name: "Message id", value: <span className="mono">{detail.messageId}</span>, copy: detail.messageId },
          { name: "Death id", value: <span className="mono">{detail.id}</span>, copy: detail.id },
          { name: "Attempts", value: detail.attempts },
          { name: "Worker", value: visibleText(detail.worker) },
          ...times(detail, nowMs),
        ]}
      />
      <DeathBody key={detail.id} detail={detail} onReveal={actions.onReveal} />
      <section aria-labelledby="attempts-title">
        <Title order={3} size="h5" id="attempts-title" mb={6}>
          Attempts
        </Title>
        <History detail={detail} nowMs={nowMs} />
      </section>
    </Stack>
  );
}

/** Everything known of one death. */
export function DeathDrawer({ state, onRetry, onClose, ...actions }: DeathDrawerProps) {
  return (
    <Drawer opened={state !== null} onClose={onClose} position="right" size="lg" title="Dead letter" closeButtonProps={{ "aria-label": "Close" }}>
      {state?.kind === "loading" && <ListSkeleton label="Loading the dead letter" rows={8} />}
      {state?.kind === "failed" && <Failure title="The dead letter could not be read" message={state.message} onRetry={onRetry} />}
      {state?.kind === "detail" && <DeathDetail detail={state.detail} {...actions} />}
    </Drawer>
  );
}
