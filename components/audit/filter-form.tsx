import { Button, NativeSelect, TextInput } from "@mantine/core";
import { FormPanel, type RangeFields, RangeInputs, RangePresets } from "#components/ui/range-form.tsx";
import { AUDIT_ACTIONS } from "#lib/contracts/audit.ts";
import { OUTCOME_FILTERS } from "./words.ts";
import classes from "./audit.module.css";

/** The fields as they stand. */
export interface FilterFields extends RangeFields {
  who: string;
  action: string;
  outcome: string;
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
    <FormPanel className={classes.form} onSubmit={() => onApply(fields)}>
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
      <RangeInputs fields={fields} errors={errors} disabled={disabled} onChange={(change) => onChange({ ...fields, ...change })} />
      <Button className={classes.submit} type="submit" disabled={disabled}>
        Filter
      </Button>
      <RangePresets presets={PRESETS} zone={zone} zoneAt="end" disabled={disabled} onPreset={onPreset}>
        <Button type="button" disabled={disabled} size="compact-xs" variant="subtle" color="gray" onClick={onClear}>
          Clear all filters
        </Button>
      </RangePresets>
    </FormPanel>
  );
}
