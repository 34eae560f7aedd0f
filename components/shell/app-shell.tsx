import type { ReactNode } from "react";
import type { Account } from "#lib/contracts/people.ts";
import { AccountMenu } from "./account-menu.tsx";
import { LiveIndicator } from "./live-indicator.tsx";
import { Logo } from "./logo.tsx";
import { MainNav } from "./main-nav.tsx";
import { SchemeSwitch } from "./scheme-switch.tsx";
import classes from "./app-shell.module.css";

/** Header and main landmark around every page. Who is not signed in is shown the way in, and nothing of the queue. */
export function AppShell({ queue, account, children }: { queue: string; account: Account | null; children: ReactNode }) {
  return (
    <>
      <a href="#main" className={classes.skip}>
        Skip to content
      </a>
      <header className={classes.header}>
        <div className={classes.bar}>
          <div className={classes.brand}>
            <Logo />
            <span className={classes.name}>Spillway</span>
            {account && (
              <>
                <span className={classes.slash} aria-hidden="true">
                  /
                </span>
                <span className={`${classes.queue} mono`} title={`Queue ${queue}`}>
                  {queue}
                </span>
              </>
            )}
          </div>
          {account && <MainNav may={account.may} />}
          <div className={classes.tools}>
            {account && <LiveIndicator />}
            <SchemeSwitch />
            {account && <AccountMenu account={account} />}
          </div>
        </div>
      </header>
      <main id="main" tabIndex={-1} className={`${classes.main} page`}>
        {children}
      </main>
    </>
  );
}
