import { prettyJson } from "#lib/view/json-text.ts";
import { CopyText } from "./copy-text.tsx";
import classes from "./text-block.module.css";

/**
 * Foreign text, shown as text only: JSON indented with its tokens as they stand, anything else as it is.
 * The copy is the original, not what is shown. It does not scroll by itself: what holds it does, so the keyboard reaches its end.
 */
export function TextBlock({ label, text }: { label: string; text: string }) {
  const shown = prettyJson(text);
  return (
    <figure className={classes.block} aria-label={label}>
      <figcaption>
        <span>
          {label}
          {!shown.isJson && " (not JSON)"}
        </span>
        <CopyText text={text} what={label.toLowerCase()} />
      </figcaption>
      <pre>{shown.text}</pre>
    </figure>
  );
}
