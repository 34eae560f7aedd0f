"use client";

import { ActionIcon, type MantineColorScheme, useMantineColorScheme } from "@mantine/core";
import { IconCheck, IconDeviceDesktop, IconMoon, IconSun } from "@tabler/icons-react";
import { useId } from "react";
import { useAlive } from "#lib/client/use-now.ts";
import classes from "./app-shell.module.css";

const SCHEMES: readonly { value: MantineColorScheme; label: string; Icon: typeof IconSun }[] = [
  { value: "light", label: "Light", Icon: IconSun },
  { value: "dark", label: "Dark", Icon: IconMoon },
  { value: "auto", label: "System", Icon: IconDeviceDesktop },
];

/** Dark, light or as the system says; kept in this browser. The popover is the browser's own: Escape and focus are its work. */
export function SchemeSwitch() {
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const id = useId();
  // The server cannot know the browser's choice: until then the icon is the system's.
  const chosen = useAlive() ? colorScheme : "auto";
  const Current = SCHEMES.find(({ value }) => value === chosen)?.Icon ?? IconDeviceDesktop;
  return (
    <>
      <ActionIcon variant="subtle" color="gray" size="lg" aria-label="Colour scheme" popoverTarget={id}>
        <Current size={17} stroke={1.6} color="var(--sp-dim)" aria-hidden="true" />
      </ActionIcon>
      <fieldset id={id} popover="auto" aria-label="Colour scheme" className={classes.schemes}>
        {SCHEMES.map(({ value, label, Icon }) => (
          <button key={value} type="button" aria-pressed={value === chosen} popoverTarget={id} popoverTargetAction="hide" onClick={() => setColorScheme(value)}>
            <Icon size={15} stroke={1.6} aria-hidden="true" />
            {label}
            {value === chosen && <IconCheck size={14} aria-hidden="true" />}
          </button>
        ))}
      </fieldset>
    </>
  );
}
