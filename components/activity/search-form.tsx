import { Button, TextInput } from "@mantine/core";
import { IconSearch } from "@tabler/icons-react";
import classes from "./activity.module.css";

/** The fields as they stand; times as `datetime-local` writes them, in the reader's zone. */
export interface SearchFields {
  user: string;
  from: string;
  to: string;
}

export const PRESETS = [
  { key: "1h", label: "Last hour", hours: 1 },
  { key: "24h", label: "Last 24 hours", hours: 24 },
  { key: "7d", label: "Last 7 days", hours: 168 },
  { key: "all", label: "All time", hours: null },
] as const;
export type Preset = (typeof PRESETS)[number];

export interface SearchFormProps {
  fields: SearchFields;
  errors: Partial<Record<keyof SearchFields, string>>;
  /** The reader's zone, named; null before the page has come alive. */
  zone: string | null;
  busy: boolean;
  /** Not alive yet: what is typed now would be lost. */
  disabled: boolean;
  onChange: (fields: SearchFields) => void;
  onPreset: (preset: Preset) => void;
  onSubmit: () => void;
}

/** User and time range. Both ends may stay open; the last second named is included. */
export function SearchForm({ fields, errors, zone, busy, disabled, onChange, onPreset, onSubmit }: SearchFormProps) {
  return (
    <search>
      <form
        className={classes.form}
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          onSubmit();
        }}
      >
        <TextInput
          className={classes.user}
          label="User id"
          placeholder="Exactly as the producer sends it"
          value={fields.user}
          error={errors.user}
          required
          withAsterisk={false}
          autoComplete="off"
          disabled={disabled}
          spellCheck={false}
          onChange={(event) => onChange({ ...fields, user: event.currentTarget.value })}
        />
        <TextInput
          className={classes.time}
          label="From"
          type="datetime-local"
          step={1}
          disabled={disabled}
          value={fields.from}
          error={errors.from}
          onChange={(event) => onChange({ ...fields, from: event.currentTarget.value })}
        />
        <TextInput
          className={classes.time}
          label="To"
          type="datetime-local"
          step={1}
          disabled={disabled}
          value={fields.to}
          error={errors.to}
          onChange={(event) => onChange({ ...fields, to: event.currentTarget.value })}
        />
        <Button className={classes.submit} type="submit" loading={busy} disabled={disabled} leftSection={<IconSearch size={15} aria-hidden />}>
          Search
        </Button>
        <fieldset className={classes.presets}>
          <legend className={classes.legend}>Time range</legend>
          {PRESETS.map((preset) => (
            <Button key={preset.key} type="button" disabled={disabled} size="compact-xs" variant="default" onClick={() => onPreset(preset)}>
              {preset.label}
            </Button>
          ))}
          <span className={classes.zone}>{zone === null ? "Times in your own zone" : `Times in ${zone}`}</span>
        </fieldset>
      </form>
    </search>
  );
}
