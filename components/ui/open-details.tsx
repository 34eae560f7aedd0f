import { Anchor } from "@mantine/core";
import type { ReactNode } from "react";
import classes from "./open-details.module.css";

export interface OpenDetailsProps {
  /** What it opens, said in full. */
  label: string;
  /** Shown on hover: what the cell may cut. */
  title: string;
  mono?: boolean;
  onClick: () => void;
  children: ReactNode;
}

/** A cell of a table that opens its row. */
export function OpenDetails({ label, title, mono = false, onClick, children }: OpenDetailsProps) {
  return (
    <Anchor component="button" type="button" className={`${classes.open} ${mono ? "mono" : ""}`.trim()} aria-label={label} title={title} onClick={onClick}>
      {children}
    </Anchor>
  );
}
