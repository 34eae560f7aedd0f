import type { ReactNode } from "react";
import { LiveIndicator } from "./live-indicator.tsx";
import { Logo } from "./logo.tsx";
import { MainNav } from "./main-nav.tsx";
import { SchemeSwitch } from "./scheme-switch.tsx";
import classes from "./app-shell.module.css";

/** Header and main landmark around every page. */
export function AppShell({ queue, children }: { queue: string; children: ReactNode }) {
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
            <span className={classes.slash} aria-hidden="true">
              /
            </span>
            <span className={`${classes.queue} mono`} title={`Queue ${queue}`}>
              {queue}
            </span>
          </div>
          <MainNav />
          <div className={classes.tools}>
            <LiveIndicator />
            <SchemeSwitch />
          </div>
        </div>
      </header>
      <main id="main" tabIndex={-1} className={`${classes.main} page`}>
        {children}
      </main>
    </>
  );
}
