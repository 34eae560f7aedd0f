import { CopyText } from "#components/ui/copy-text.tsx";
import classes from "./overview.module.css";

/** Shown while nothing comes in, as far as the chart reaches: how to make something happen. */
export function FirstSpike({ publicApiUrl }: { publicApiUrl: string }) {
  const spike = "npm run spike -- --users 200 --rate 500 --for 30s";
  const request = `curl ${publicApiUrl}/v1/activities -H "authorization: Bearer $SPILLWAY_API_KEY" -H 'content-type: application/json' -d '{"userId":"ada","type":"page.view"}'`;
  return (
    <section className={classes.first} aria-label="First steps">
      <div>
        <h2 className={classes.firstTitle}>Nothing has come in lately</h2>
        <p className={classes.dim}>Send a spike, then watch it drain at the rate below. Producers send to {publicApiUrl}/v1/activities, with an API key each.</p>
      </div>
      <ul className={classes.commands}>
        {[spike, request].map((command) => (
          <li key={command}>
            <code className="mono">{command}</code>
            <CopyText text={command} what="command" />
          </li>
        ))}
      </ul>
    </section>
  );
}
