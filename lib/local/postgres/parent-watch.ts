import { type ChildProcess, spawn } from "node:child_process";

/**
 * Stops a process when this one dies, however it dies: a small shell holds one end of a pipe to us and sends SIGINT
 * (PostgreSQL's fast shutdown) when the pipe closes. Nothing where there is no POSIX shell.
 * @returns a function that calls the watch off.
 */
export function stopWithParent(pid: number): () => void {
  if (process.platform === "win32") return () => undefined;
  // In a session of its own, so that a Ctrl-C meant for the parent does not end the watch.
  const watch: ChildProcess = spawn("/bin/sh", ["-c", `trap '' INT TERM HUP; read -r _; kill -INT ${pid}`], {
    stdio: ["pipe", "ignore", "ignore"],
    detached: true,
  });
  watch.on("error", () => undefined);
  watch.stdin?.on("error", () => undefined);
  watch.unref();
  return () => {
    watch.kill("SIGKILL");
  };
}
