/** Why a start cannot go on, in words for a person; printed without a stack. */
export class StartError extends Error {
  readonly exitCode: number;
  constructor(message: string, { exitCode = 1, cause }: { exitCode?: number; cause?: unknown } = {}) {
    super(message, { cause });
    this.name = "StartError";
    this.exitCode = exitCode;
  }
}

/** Exit code of a wrong or half-set environment (EX_CONFIG of sysexits). */
export const EXIT_CONFIG = 78;

/** Exit code of a command given wrong arguments (EX_USAGE of sysexits). */
export const EXIT_USAGE = 64;
