import type { ReactNode } from "react";
import { Instant } from "#components/ui/instant.tsx";
import { RecordTable } from "#components/ui/record-table.tsx";
import { Nothing } from "#components/ui/feedback.tsx";
import { Tag, type TagTone } from "#components/ui/tag.tsx";
import type { OverviewWorker } from "#lib/contracts/overview.ts";
import { rate } from "#lib/view/numbers.ts";
import classes from "./overview.module.css";

const TONES: Readonly<Record<string, TagTone>> = { running: "ok", starting: "busy", stopping: "warn" };

const COLUMNS = [
  { key: "worker", header: "Worker", width: "22%" },
  { key: "process", header: "Process", width: "20%" },
  { key: "state", header: "State", width: "12%" },
  { key: "acknowledged", header: "Acknowledged rate", width: "20%" },
  { key: "stored", header: "Stored/s", width: "12%", numeric: true },
  { key: "seen", header: "Last seen", width: "14%" },
] as const;

function Acknowledged({ worker, version }: { worker: OverviewWorker; version: number | null }) {
  const { acknowledged } = worker;
  if (acknowledged === null) return <span className={classes.dim}>not yet</span>;
  const current = version !== null && acknowledged.version >= version;
  return (
    <span data-testid="worker-acknowledged" data-current={current}>
      <span className="mono">{rate(acknowledged.rateWcuPerSecond)}</span> <span className={classes.dim}>WCU/s</span>{" "}
      {worker.alive &&
        (current ? (
          <span className={classes.tick} title="at the dial's version">
            ✓<span className={classes.hidden}> acknowledged</span>
          </span>
        ) : (
          <span className={classes.lagging}>behind</span>
        ))}
    </span>
  );
}

interface WorkersTableProps {
  workers: readonly OverviewWorker[];
  /** The dial's; null = not known. */
  version: number | null;
  /** The list was read just now. */
  live: boolean;
  nowMs: number | null;
}

function Rows({ label, workers, version, live, nowMs }: WorkersTableProps & { label: string }) {
  const grey = (worker: OverviewWorker, content: ReactNode) => (worker.alive && live ? content : <span className={classes.dead}>{content}</span>);
  return (
    <RecordTable
      label={label}
      columns={COLUMNS}
      rows={workers.map((worker) => ({
        key: worker.id,
        cells: {
          worker: grey(worker, <span className="mono" title={`${worker.id}, version ${worker.version}`}>{worker.id.length > 14 ? `${worker.id.slice(0, 8)}…${worker.id.slice(-4)}` : worker.id}</span>),
          process: grey(worker, <span className="mono">{`${worker.host}:${worker.pid}`}</span>),
          state: (
            <Tag tone={worker.alive && live ? (TONES[worker.state] ?? "neutral") : "neutral"} {...(worker.lastError && { title: `Last error: ${worker.lastError.message}` })}>
              {worker.alive || worker.state === "stopped" || !live ? worker.state : "not seen"}
            </Tag>
          ),
          acknowledged: grey(worker, <Acknowledged worker={worker} version={version} />),
          stored: grey(
            worker,
            <span className="mono">
              {worker.alive ? rate(worker.storedPerSecond) : "–"}
              {worker.alive && worker.failedPerSecond > 0 && <span className={classes.lagging}> {rate(worker.failedPerSecond)} failed</span>}
            </span>,
          ),
          seen: grey(worker, <Instant at={worker.lastSeenAt} nowMs={nowMs} />),
        },
      }))}
    />
  );
}

/** Who drains the queue, live ones first; who was not seen lately is grey, and so are all when the reading is old. Who has stopped is folded away. */
export function WorkersTable({ workers, ...how }: WorkersTableProps) {
  const ordered = workers.toSorted((a, b) => Number(b.alive) - Number(a.alive) || a.startedAt.localeCompare(b.startedAt));
  const { current = [], stopped = [] } = Object.groupBy(ordered, ({ state }) => (state === "stopped" ? "stopped" : "current"));
  return (
    <div>
      {current.length === 0 ? (
        <Nothing title={stopped.length === 0 ? "No worker has been seen in the last hour" : "No worker is running"}>
          <p>
            Start one: <code className="mono">npm run worker</code>
          </p>
        </Nothing>
      ) : (
        <Rows label="Workers" workers={current} {...how} />
      )}
      {stopped.length > 0 && (
        <details className={classes.stopped}>
          <summary>{stopped.length === 1 ? "1 has stopped" : `${stopped.length} have stopped`} in the last hour</summary>
          <Rows label="Stopped workers" workers={stopped} {...how} />
        </details>
      )}
    </div>
  );
}
