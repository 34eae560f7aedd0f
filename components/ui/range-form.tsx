import { Button, TextInput } from "@mantine/core";
import type { ReactNode } from "react";
import classes from "./range-form.module.css";

/** Both ends of a time range as `datetime-local` writes them, in the reader's zone; "" = open. */
export interface RangeFields {
  from: string;
  to: string;
}

export interface RangePreset {
  key: string;
  label: string;
  /** null = all time. */
  hours: number | null;
}

export interface FormPanelProps {
  /** Sets the columns. */
  className: string | undefined;
  onSubmit: () => void;
  children: ReactNode;
}

/** A form that narrows what a page lists. */
export function FormPanel({ className = "", onSubmit, children }: FormPanelProps) {
  return (
    <search>
      <form
        className={`${classes.form} ${className}`}
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          onSubmit();
        }}
      >
        {children}
      </form>
    </search>
  );
}

export interface RangeInputsProps {
  fields: RangeFields;
  errors: Partial<Record<keyof RangeFields, string>>;
  disabled: boolean;
  onChange: (change: Partial<RangeFields>) => void;
}

/** From and To. Both ends may stay open; the last second named is included. */
export function RangeInputs({ fields, errors, disabled, onChange }: RangeInputsProps) {
  return (
    <>
      <TextInput label="From" type="datetime-local" step={1} disabled={disabled} value={fields.from} error={errors.from} onChange={(event) => onChange({ from: event.currentTarget.value })} />
      <TextInput label="To" type="datetime-local" step={1} disabled={disabled} value={fields.to} error={errors.to} onChange={(event) => onChange({ to: event.currentTarget.value })} />
    </>
  );
}

export interface RangePresetsProps<Preset extends RangePreset> {
  presets: readonly Preset[];
  /** The reader's zone, named; null before the page has come alive. */
  zone: string | null;
  /** Where in the row the zone stands. */
  zoneAt?: "next" | "end";
  disabled: boolean;
  onPreset: (preset: Preset) => void;
  /** More buttons, behind the ranges. */
  children?: ReactNode;
}

/** Usual ranges at a press, and the zone that all times are in. */
export function RangePresets<Preset extends RangePreset>({ presets, zone, zoneAt = "next", disabled, onPreset, children }: RangePresetsProps<Preset>) {
  return (
    <fieldset className={classes.presets}>
      <legend className={classes.legend}>Time range</legend>
      {presets.map((preset) => (
        <Button key={preset.key} type="button" disabled={disabled} size="compact-xs" variant="default" onClick={() => onPreset(preset)}>
          {preset.label}
        </Button>
      ))}
      {children}
      <span className={classes.zone} data-at={zoneAt}>
        {zone === null ? "Times in your own zone" : `Times in ${zone}`}
      </span>
    </fieldset>
  );
}
