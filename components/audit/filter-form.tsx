import { Button, NativeSelect, TextInput } from "@mantine/core";
import { AUDIT_ACTIONS } from "#lib/contracts/audit.ts";
import { OUTCOME_FILTERS } from "./words.ts";
import classes from "./audit.module.css";

/** The fields as they stand; times as `datetime-local` writes them, in the reader's zone. */
export interface FilterFields {
  who: string;
  action: string;
  outcome: string;
  from: string;
  to: string;
}

export const PRESETS = [
  { key: "24h", label: "Last 24 hours", hours: 24 },
  { key: "7d", label: "Last 7 days", hours: 168 },
  { key: "30d", label: "Last 30 days", hours: 720 },
  { key: "all", label: "All time", hours: null },
] as const;
export type Preset = (typeof PRESETS)[number];

export interface FilterFormProps {
  fields: FilterFields;
  errors: Partial<Record<keyof FilterFields, string>>;
  /** The reader's zone, named; null before the page has come alive. */
  zone: string | null;
  /** Not alive yet: what is typed now would be lost. */
  disabled: boolean;
  onChange: (fields: FilterFields) => void;
  /** Applies these at once. */
  onApply: (fields: FilterFields) => void;
  onPreset: (preset: Preset) => void;
  onClear: () => void;
}

const ACTIONS = [{ value: "", label: "Anything" }, ...Object.entries(AUDIT_ACTIONS).map(([value, label]) => ({ value, label }))];

/** Who, what, when and how it ended. A choice counts at once; what is typed counts with Enter or the button. */
export function FilterForm({ fields, errors, zone, disabled, onChange, onApply, onPreset, onClear }: FilterFormProps) {
  return (
    <search>
      <form
        className={classes.form}
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          onApply(fields);
        }}
      >
        <TextInput
          className={classes.who}
          label="Who"
          placeholder="Name, e-mail address or id"
          value={fields.who}
          error={errors.who}
          autoComplete="off"
          spellCheck={false}
          disabled={disabled}
          onChange={(event) => onChange({ ...fields, who: event.currentTarget.value })}
        />
        <NativeSelect label="What" data={ACTIONS} value={fields.action} disabled={disabled} onChange={(event) => onApply({ ...fields, action: event.currentTarget.value })} />
        <NativeSelect label="Outcome" data={[...OUTCOME_FILTERS]} value={fields.outcome} disabled={disabled} onChange={(event) => onApply({ ...fields, outcome: event.currentTarget.value })} />
        <TextInput
          label="From"
          type="datetime-local"
          step={1}
          value={fields.from}
          error={errors.from}
          disabled={disabled}
          onChange={(event) => onChange({ ...fields, from: event.currentTarget.value })}
        />
        <TextInput
          label="To"
          type="datetime-local"
          step={1}
          value={fields.to}
          error={errors.to}
          disabled={disabled}
          onChange={(event) => onChange({ ...fields, to: event.currentTarget.value })}
        />
        <Button className={classes.submit} type="submit" disabled={disabled}>
          Filter
        </Button>
        <fieldset className={classes.presets}>
          <legend className={classes.legend}>Time range</legend>
          {PRESETS.map((preset) => (
            <Button key={preset.key} type="button" disabled={disabled} size="compact-xs" variant="default" onClick={() => onPreset(preset)}>
              {preset.label}
            </Button>
          ))}
          <Button type="button" disabled={disabled} size="compact-xs" variant="subtle" color="gray" onClick={onClear}>
            Clear all filters
          </Button>
          <span className={classes.zone}>{zone === null ? "Times in your own zone" : `Times in ${zone}`}</span>
        </fieldset>
      </form>
    </search>
  );
}
