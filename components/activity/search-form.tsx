import { Button, TextInput } from "@mantine/core";
import { IconSearch } from "@tabler/icons-react";
import { FormPanel, type RangeFields, RangeInputs, RangePresets } from "#components/ui/range-form.tsx";
import classes from "./activity.module.css";

/** The fields as they stand. */
export interface SearchFields extends RangeFields {
  user: string;
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

/** User and time range. */
export function SearchForm({ fields, errors, zone, busy, disabled, onChange, onPreset, onSubmit }: SearchFormProps) {
  return (
    <FormPanel className={classes.form} onSubmit={onSubmit}>
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
      <RangeInputs fields={fields} errors={errors} disabled={disabled} onChange={(change) => onChange({ ...fields, ...change })} />
      <Button className={classes.submit} type="submit" loading={busy} disabled={disabled} leftSection={<IconSearch size={15} aria-hidden />}>
        Search
      </Button>
      <RangePresets presets={PRESETS} zone={zone} disabled={disabled} onPreset={onPreset} />
    </FormPanel>
  );
}
