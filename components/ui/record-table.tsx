import type { ReactNode } from "react";
import classes from "./record-table.module.css";

export interface RecordColumn<Key extends string> {
  key: Key;
  /** Plain words: also the label beside the value where the row is a card. */
  header: string;
  /** Stands in the head before the words, which then show on cards only, such as a checkbox for all rows. */
  head?: ReactNode;
  /** CSS width; columns without one share the rest. */
  width?: string;
  numeric?: boolean;
  /** No label on a card: the value speaks for itself. */
  bare?: boolean;
}

export interface RecordRow<Key extends string> {
  key: string;
  cells: Readonly<Record<Key, ReactNode>>;
  selected?: boolean;
}

export interface RecordTableProps<Key extends string> {
  /** Accessible name of the table. */
  label: string;
  columns: readonly RecordColumn<Key>[];
  rows: readonly RecordRow<Key>[];
  /** What is on the screen is being replaced. */
  busy?: boolean;
}

/** A table that turns each row into a card where there is no room for columns; the markup stays a table. */
export function RecordTable<Key extends string>({ label, columns, rows, busy = false }: RecordTableProps<Key>) {
  return (
    <div className={classes.frame} data-busy={busy || undefined}>
      <table className={classes.table} aria-label={label} aria-busy={busy}>
        <colgroup>
          {columns.map(({ key, width }) => (
            <col key={key} style={width === undefined ? undefined : { width }} />
          ))}
        </colgroup>
        <thead>
          <tr>
            {columns.map(({ key, header, head, numeric }) => (
              <th key={key} scope="col" data-numeric={numeric} data-control={head !== undefined || undefined} data-head={head === undefined ? undefined : header}>
                {head ?? header}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={row.key} data-selected={row.selected || undefined}>
              {columns.map(({ key, header, numeric, bare }) => (
                <td key={key} data-column={key} data-numeric={numeric} {...(!bare && { "data-label": header })}>
                  {row.cells[key]}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
