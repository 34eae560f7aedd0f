import { type Child, type LogEvent, startChild } from "#infra/start/child.ts";
import { LETS_GO } from "./check-receives.ts";
import type { Kill, Pause, StepFact } from "./facts.ts";

const READY_DEADLINE_MS = 60_000;

/** The step that a log line tells of, where a check asks for it. */
function stepOf(client: string, { event, at, messageIds }: LogEvent): StepFact | null {
  if (!Array.isArray(messageIds) || !(event === "received" || event === "storing" || LETS_GO.has(event))) return null;
  return { client, atMs: Date.parse(String(at)), event, messageIds: messageIds.map(String) };
}

/** At which of its own log lines a worker gets a signal (`signal-at.ts`). */
export interface Armed {
  event: string;
  signal: "SIGKILL" | "SIGSTOP";
  /** Which of these lines, from 1. */
  nth?: number;
  /** Only lines that name one of these. */
  messageIds?: readonly string[];
}

export interface FleetWorker {
  name: string;
  child: Child;
  /** Resolves with how it ended. */
  exited: Promise<string>;
  signal(name: NodeJS.Signals): void;
}

/**
 * Worker processes, as `npm run worker` starts them, each known by a name that its calls carry in their User-Agent.
 * @param onEvent told of each of their log lines.
 */
export function createFleet({ env, onEvent }: { env: Readonly<Record<string, string>>; onEvent: (worker: string, event: LogEvent) => void }) {
  const live = new Set<FleetWorker>();
  const kills: Kill[] = [];
  const pauses: Pause[] = [];
  const steps: StepFact[] = [];
  const stepKills: Record<string, number> = {};
  const faults: string[] = [];
  const exits: { worker: string; how: string }[] = [];
  let started = 0;

  /** @param attempts instead of the run's own. */
  function spawn(armed?: Armed, { attempts }: { attempts?: number } = {}): FleetWorker {
    started += 1;
    const name = `w${started}`;
    const child = startChild({
      args: [...(armed ? ["--import=./infra/chaos/signal-at.ts"] : []), "worker/main.ts"],
      env: {
        ...env,
        ...(attempts !== undefined && { WORKER_ATTEMPTS: String(attempts) }),
        LOG_LEVEL: "debug",
        AWS_SDK_UA_APP_ID: name,
        ...(armed && {
          CHAOS_SIGNAL: armed.signal,
          CHAOS_AT_EVENT: armed.event,
          CHAOS_AT_NTH: String(armed.nth ?? 1),
          CHAOS_AT_MESSAGE_IDS: (armed.messageIds ?? []).join(","),
        }),
      },
      onEvent: (event) => {
        onEvent(name, event);
        const step = stepOf(name, event);
        if (step) steps.push(step);
        if (event.event === "fault") faults.push(`${name} ${String(event.where)}: ${String(event.error)}`);
        if (event.event !== "chaos.signal") return;
        const signalled = String(event.step);
        stepKills[signalled] = (stepKills[signalled] ?? 0) + 1;
        const atMs = Date.parse(String(event.at));
        if (event.signal === "SIGKILL") kills.push({ client: name, atMs });
        else pauses.push({ client: name, fromMs: atMs, toMs: Infinity });
      },
    });
    const worker: FleetWorker = {
      name,
      child,
      exited: child.exited.then((how) => {
        live.delete(worker);
        exits.push({ worker: name, how });
        onEvent(name, { event: "chaos.exited", how });
        return how;
      }),
      signal(signal) {
        const pause = signal === "SIGCONT" ? pauses.findLast(({ client, toMs }) => client === name && toMs === Infinity) : undefined;
        if (pause) pause.toMs = Date.now();
        try {
          process.kill(child.pid, signal);
        } catch {
          // It is gone already.
        }
      },
    };
    live.add(worker);
    return worker;
  }

  return {
    spawn,
    /** Starts a worker and waits until it drains. */
    async ready(armed?: Armed, options: { attempts?: number } = {}): Promise<FleetWorker> {
      const worker = spawn(armed, options);
      await worker.child.event("ready", { deadlineMs: READY_DEADLINE_MS });
      return worker;
    },
    /** Kills from outside, at whatever step. */
    kill(worker: FleetWorker): void {
      kills.push({ client: worker.name, atMs: Date.now() });
      worker.child.kill();
    },
    live: () => Array.from(live),
    kills,
    pauses: (): readonly Pause[] => pauses,
    /** Steps that name messages, by the workers' own logs. */
    steps,
    /** Signals given at steps, by step. */
    stepKills,
    /** Faults of their own code that workers told of. */
    faults,
    exits,
    started: () => started,
    async stop(): Promise<void> {
      for (const worker of live) worker.signal("SIGCONT");
      await Promise.all(Array.from(live, (worker) => worker.child.stop()));
    },
  };
}
export type Fleet = ReturnType<typeof createFleet>;
