import { Button } from "@mantine/core";
import { useEffect, useRef, useState } from "react";
import { Failure } from "#components/ui/feedback.tsx";
import { TextBlock } from "#components/ui/text-block.tsx";
import type { DeadLetterDetail } from "#lib/contracts/dead-letters.ts";
import { parseMessageBody } from "#lib/contracts/message.ts";
import classes from "./dead-letters.module.css";

export type BodyState = { kind: "masked" } | { kind: "revealing" } | { kind: "failed"; message: string } | { kind: "revealed"; body: string };

/** The activity's properties travel as JSON text inside the JSON body, where nobody can read them. */
function propertiesOf(body: string): string | null {
  const parsed = parseMessageBody(body);
  return parsed.kind === "activity" ? (parsed.message.activity.properties ?? null) : null;
}

/** The body as it died. The button that was pressed is gone: the keyboard goes on from here. */
function Revealed({ body }: { body: string }) {
  const here = useRef<HTMLElement>(null);
  useEffect(() => here.current?.focus(), []);
  const properties = propertiesOf(body);
  return (
    <section ref={here} tabIndex={-1} aria-label="Revealed body" className={classes.revealed}>
      <TextBlock label="Body" text={body} />
      {properties !== null && <TextBlock label="Properties" text={properties} />}
    </section>
  );
}

export interface BodyViewProps {
  detail: Pick<DeadLetterDetail, "maskedBody" | "bodyBytes">;
  state: BodyState;
  /** Null = not for the reader's role. */
  onReveal: (() => void) | null;
}

/** The body, masked until the reader asks: it may be personal data. */
export function BodyView({ detail: { maskedBody, bodyBytes }, state, onReveal }: BodyViewProps) {
  if (state.kind === "revealed") return <Revealed body={state.body} />;
  return (
    <>
      <div className={classes.masked}>
        <p>
          <strong>Body hidden.</strong> It may hold personal data. {bodyBytes.toLocaleString("en-US")} bytes{maskedBody === null && ", no JSON"}.
          {onReveal !== null && " Who reveals it is written to the audit log."}
        </p>
        {onReveal !== null && (
          <Button size="xs" variant="default" loading={state.kind === "revealing"} onClick={onReveal}>
            Reveal
          </Button>
        )}
      </div>
      {state.kind === "failed" && <Failure title="The body was not revealed" message={state.message} />}
      {maskedBody !== null && <TextBlock label="Body without its values" text={maskedBody} />}
    </>
  );
}

/** The body of one death; what was revealed is forgotten with it. */
export function DeathBody({ detail, onReveal }: { detail: DeadLetterDetail; onReveal: ((id: string) => Promise<string>) | null }) {
  const [state, setState] = useState<BodyState>({ kind: "masked" });
  async function ask(reveal: (id: string) => Promise<string>) {
    setState({ kind: "revealing" });
    try {
      setState({ kind: "revealed", body: await reveal(detail.id) });
    } catch (error) {
      setState({ kind: "failed", message: error instanceof Error ? error.message : "Nobody knows why." });
    }
  }
  return <BodyView detail={detail} state={state} onReveal={onReveal === null ? null : () => void ask(onReveal)} />;
}
