import { Button, CloseButton, SegmentedControl, TextInput } from "@mantine/core";
import { useState } from "react";
import type { DeadLettersView } from "./view-state.ts";
import { deadLetters, STATUS_FILTERS } from "./words.ts";
import classes from "./dead-letters.module.css";

export interface ListToolbarProps {
  status: DeadLettersView["status"];
  /** The user filtered by; empty = everybody. */
  user: string;
  /** How many are chosen, and how many of them are not on this page. */
  selected: { count: number; elsewhere: number };
  /** Not alive yet: what is typed now would be lost. */
  disabled: boolean;
  onStatus: (status: DeadLettersView["status"]) => void;
  onUser: (user: string) => void;
  /** Null = the reader's role may not redrive. */
  onRedrive: (() => void) | null;
  onClear: () => void;
}

/** Filters, and what can be done with the chosen rows. */
export function ListToolbar({ status, user, selected, disabled, onStatus, onUser, onRedrive, onClear }: ListToolbarProps) {
  const [draft, setDraft] = useState(user);
  return (
    <div className={classes.toolbar}>
      <SegmentedControl
        size="xs"
        aria-label="Status"
        value={status}
        disabled={disabled}
        data={[...STATUS_FILTERS]}
        onChange={(value) => {
          const chosen = STATUS_FILTERS.find((filter) => filter.value === value);
          if (chosen) onStatus(chosen.value);
        }}
      />
      <search className={classes.userFilter}>
        <form
          onSubmit={(event) => {
            event.preventDefault();
            onUser(draft);
          }}
        >
          <TextInput
            size="xs"
            aria-label="Filter by user id"
            placeholder="Exact user id, then Enter"
            value={draft}
            disabled={disabled}
            autoComplete="off"
            spellCheck={false}
            onChange={(event) => setDraft(event.currentTarget.value)}
            rightSection={
              draft === "" ? null : (
                <CloseButton
                  size="xs"
                  aria-label="Clear the user filter"
                  onClick={() => {
                    setDraft("");
                    onUser("");
                  }}
                />
              )
            }
          />
        </form>
      </search>
      <div className={classes.act}>
        <output className={classes.dim}>
          {selected.count > 0 && selected.elsewhere > 0 && `${selected.elsewhere} of ${deadLetters(selected.count)} on other pages`}
        </output>
        {selected.count > 0 && (
          <Button size="xs" variant="subtle" color="gray" onClick={onClear}>
            Clear
          </Button>
        )}
        {onRedrive === null ? (
          <span className={classes.dim}>Admins redrive.</span>
        ) : (
          <Button size="xs" disabled={selected.count === 0} onClick={onRedrive}>
            {selected.count === 0 ? "Redrive selected" : `Redrive ${selected.count} selected`}
          </Button>
        )}
      </div>
    </div>
  );
}
