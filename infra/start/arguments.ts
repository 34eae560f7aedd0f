/**
 * What is wrong with a command's arguments, in one line; null when nothing is.
 * @param command as a person types it, for example `npm start`.
 */
export function argumentFault(command: string, args: readonly string[]): string | null {
  if (args.length === 0) return null;
  return `${command} takes no arguments, and was given ${args.join(" ")}: its settings are environment variables (docs/development.md lists them).`;
}
